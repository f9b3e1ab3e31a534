//! Decoding of models from untrusted bytes.
//!
//! Every length is compared with the shape it belongs to and with the remaining bytes before memory is allocated. Decoding
//! therefore takes no more memory than the bytes themselves, and reads a bounded number of layers.

use crate::{
	encoder::{Cell, Conv, Conv2, Encoder, MAX_CONVS},
	genome::Genome,
	model::{ensure, Layer, Model, ModelError, Net, MAX_DEPTH, VERSION},
	program::MAX_CHANNELS,
};
use alloc::vec::Vec;
use codec::{Compact, Decode};

/// Decodes a model; see [`Model::from_bytes`].
///
/// # Errors
///
/// Fails with `Version` for an unknown version byte, `Shape` for a list whose length does not fit its shape, `Genome` for a genome
/// that cannot be read, and `Malformed` for every other fault, left-over bytes included.
pub fn model(bytes: &[u8]) -> Result<Model, ModelError> {
	let (version, mut input) = bytes.split_first().ok_or(ModelError::Malformed)?;
	ensure(*version == VERSION, ModelError::Version)?;
	let input = &mut input;
	let model = match read::<u8>(input)? {
		0 => Model::RepeatLast,
		1 => Model::Seasonal,
		2 => Model::Point(numbers(input, None)?),
		3 => Model::Net(net(input)?),
		4 => Model::Constant(numbers(input, None)?),
		5 => Model::Opaque(numbers(input, None)?),
		6 => Model::Genome(Genome::decode_from(input)?),
		_ => return Err(ModelError::Malformed),
	};
	ensure(input.is_empty(), ModelError::Malformed)?;
	Ok(model)
}

/// Decodes the next value.
fn read<T: Decode>(input: &mut &[u8]) -> Result<T, ModelError> {
	T::decode(input).map_err(|_| ModelError::Malformed)
}

/// Reads the length of a list of at most `most` entries.
fn length(input: &mut &[u8], most: usize) -> Result<usize, ModelError> {
	let length = read::<Compact<u32>>(input)?.0 as usize;
	ensure(length <= most, ModelError::Shape)?;
	Ok(length)
}

/// Reads a vector of numbers: `expected` of them where a shape fixes the length.
fn numbers<T: Decode>(input: &mut &[u8], expected: Option<u64>) -> Result<Vec<T>, ModelError> {
	let length = read::<Compact<u32>>(input)?.0 as usize;
	ensure(expected.is_none_or(|expected| length as u64 == expected), ModelError::Shape)?;
	ensure(length.saturating_mul(size_of::<T>()) <= input.len(), ModelError::Malformed)?;
	let mut values = Vec::with_capacity(length);
	for _ in 0..length {
		values.push(read(input)?);
	}
	Ok(values)
}

/// Reads a dense layer.
fn layer(input: &mut &[u8]) -> Result<Layer, ModelError> {
	let (inputs, outputs, shift) = read::<(u16, u16, u8)>(input)?;
	let weights = numbers(input, Some(u64::from(inputs).saturating_mul(u64::from(outputs))))?;
	let bias = numbers(input, Some(u64::from(outputs)))?;
	Ok(Layer { inputs, outputs, shift, weights, bias })
}

/// Reads the two layers of a gated cell.
fn cell(bytes: &mut &[u8]) -> Result<Cell, ModelError> {
	let input = layer(bytes)?;
	Ok(Cell { input, hidden: layer(bytes)? })
}

/// Reads an encoder of at most [`MAX_CONVS`] convolutions.
fn encoder(input: &mut &[u8]) -> Result<Encoder, ModelError> {
	Ok(match read::<u8>(input)? {
		0 => Encoder::None,
		1 => {
			let count = length(input, MAX_CONVS)?;
			let mut convs = Vec::with_capacity(count);
			for _ in 0..count {
				let (kernel, dilation, stride) = read::<(u16, u16, u16)>(input)?;
				convs.push(Conv { kernel, dilation, stride, layer: layer(input)? });
			}
			Encoder::Conv(convs)
		}
		2 => Encoder::Lstm(cell(input)?),
		3 => Encoder::Gru(cell(input)?),
		4 => {
			let (height, width, kernel, stride) = read::<(u8, u8, [u8; 2], [u8; 2])>(input)?;
			Encoder::Image(Conv2 { height, width, kernel, stride, layer: layer(input)? })
		}
		_ => return Err(ModelError::Malformed),
	})
}

/// Reads a net of at most [`MAX_CHANNELS`] channels and [`MAX_DEPTH`] hidden layers.
fn net(input: &mut &[u8]) -> Result<Net, ModelError> {
	let window = read::<u16>(input)?;
	let channels = length(input, MAX_CHANNELS.into())?;
	let mut in_shifts = Vec::with_capacity(channels);
	for _ in 0..channels {
		in_shifts.push(read(input)?);
	}
	let skip = match read::<u8>(input)? {
		0 => None,
		1 => Some(layer(input)?),
		_ => return Err(ModelError::Malformed),
	};
	let encoder = encoder(input)?;
	let depth = length(input, MAX_DEPTH.saturating_add(1))?;
	let mut layers = Vec::with_capacity(depth);
	for _ in 0..depth {
		layers.push(layer(input)?);
	}
	Ok(Net { window, in_shifts, skip, encoder, layers })
}
