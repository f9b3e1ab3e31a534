//! Activation of a domain: its data is compared with the declared root, and the initial champion is chosen.

use crate::{types::RefusalReason, Baselines, Config, Error, Event, Pages, Pallet, Specs, States};
use alloc::{vec, vec::Vec};
use codec::Encode;
use core::ops::Range;
use doin_primitives::{
	blake2_256,
	domain::{ModelBytes, MAX_PAGES},
	evidence, DomainId, DomainSpec, Evidence, Hash, ModelRef, Page, Split, Status,
};
use doin_scoring::{
	genome::{library::baselines, RunError, TrainingRuns},
	rows::{constant_model, score_rows, validation_rows_span, RowSet, Rows},
	sample::{validation, validation_span},
	score, Forecast, Model, Program,
};
use doin_training::run::run_sum;
use doin_traits::block::current_block;
use frame_support::{ensure, traits::DefensiveTruncateFrom};
use sp_runtime::DispatchError;

/// Data of a domain that is published at its activation, and the program that scores models on it.
enum Published<'a> {
	/// Values of a series.
	Series(&'a Forecast, Vec<i32>),
	/// Bytes of rows.
	Rows(&'a Rows, Vec<u8>),
	/// Bytes of the samples of training runs.
	Samples(&'a TrainingRuns, Vec<u8>),
}

/// Initial champion of a domain.
struct Initial {
	/// Reference of the initial champion.
	model: ModelRef,
	/// Its error sum on the validation split.
	error: u64,
	/// Error sum of the best baseline on the validation split.
	bar: u64,
	/// The baseline, if it has parameters and is the initial champion.
	constant: Option<Model>,
	/// `true` unless a generator draws series on which the baseline errs very differently.
	is_alike: bool,
}

impl Published<'_> {
	/// Returns the hash that the record declares as the data root.
	fn root(&self) -> Hash {
		match self {
			Published::Series(_, values) => values.using_encoded(blake2_256),
			Published::Rows(_, bytes) | Published::Samples(_, bytes) => bytes.using_encoded(blake2_256),
		}
	}

	/// Returns the baselines, at least one. Those of rows are made from the training part, those of training runs are built in.
	fn baselines(&self, split: &Split) -> Result<Vec<(ModelRef, Model)>, RefusalReason> {
		match self {
			Published::Series(..) => Ok(vec![(ModelRef::RepeatLast, Model::RepeatLast), (ModelRef::Seasonal, Model::Seasonal)]),
			Published::Rows(program, bytes) => {
				program.check_labels(bytes).map_err(|_| RefusalReason::InvalidRow)?;
				let end = (split.train_end as usize).saturating_mul(program.row_bytes());
				let training = bytes.get(..end).ok_or(RefusalReason::InvalidSplit)?;
				let constant = constant_model(&RowSet::new(program, training.to_vec())).ok_or(RefusalReason::InvalidSplit)?;
				Ok(vec![(ModelRef::Constant, constant)])
			}
			Published::Samples(runs, bytes) => {
				runs.check_labels(bytes).map_err(|error| match error {
					RunError::OneClass => RefusalReason::OneClass,
					_ => RefusalReason::InvalidRow,
				})?;
				let genomes = baselines().into_iter();
				Ok(genomes.map(|(_, genome)| (ModelRef::BuiltIn, Model::Genome(genome))).collect())
			}
		}
	}

	/// Returns the error sums of `models` on the validation split, in their order. For genomes, they are estimated from the first
	/// published runs, as many as the activation pays for.
	fn validation_errors(&self, spec: &DomainSpec, models: &[&Model]) -> Result<Vec<u64>, RefusalReason> {
		let mut sums = vec![0u64; models.len()];
		let mut add = |chunk_sum: &dyn Fn(&Model) -> u32| {
			for (sum, model) in sums.iter_mut().zip(models) {
				*sum = sum.saturating_add(chunk_sum(model).into());
			}
		};
		let Split { train_end, validation_end } = spec.split;
		match self {
			Published::Samples(program, bytes) => {
				for run in 0..spec.activation_runs() {
					add(&|model| genome_sum(program, model, bytes, &spec.data_root, run));
				}
				sums.iter_mut().for_each(|sum| *sum = spec.estimated_error(*sum));
			}
			Published::Series(program, values) => {
				for chunk in 0..program.chunks {
					let span = validation_span(program, train_end, validation_end, chunk).ok();
					let windows = validation(program, part(values, span)?);
					add(&|model| score(model, program, &windows));
				}
			}
			Published::Rows(program, bytes) => {
				for chunk in 0..program.chunks {
					let span = validation_rows_span(program, train_end, validation_end, chunk).ok();
					let rows = RowSet::new(program, part(bytes, span)?.to_vec());
					add(&|model| score_rows(model, program, &rows));
				}
			}
		}
		Ok(sums)
	}

	/// Returns `true` if `baseline`, whose error sum on the validation split is `error`, errs about as much on series that the
	/// generator of `spec` draws. The data root is the seed, so the result is that of the record. `true` for other evidence.
	fn is_alike(&self, spec: &DomainSpec, baseline: &Model, error: u64) -> bool {
		let (Published::Series(program, _), Evidence::Synthetic(generator)) = (self, &spec.evidence) else { return true };
		let per_chunk = program.validation_windows(spec.split.train_end, spec.split.validation_end).unwrap_or(0);
		let scored = u32::from(per_chunk).saturating_mul(program.chunks.into());
		evidence::is_alike(evidence::drawn_error(program, generator, &spec.data_root, baseline), (error, scored))
	}
}

/// Returns the part of `data` in `span`.
fn part<T>(data: &[T], span: Option<Range<u32>>) -> Result<&[T], RefusalReason> {
	span.and_then(|span| data.get(span.start as usize..span.end as usize)).ok_or(RefusalReason::InvalidSplit)
}

/// Returns the sum of a published run with a genome as its loss.
fn genome_sum(runs: &TrainingRuns, model: &Model, bytes: &[u8], seed: &Hash, run: u16) -> u32 {
	match model {
		Model::Genome(genome) => run_sum(runs, genome, bytes, seed, run),
		_ => u32::MAX,
	}
}

impl Initial {
	/// Chooses the initial champion of a domain: `linear`, the model of its owner, if its error sum on the validation split is
	/// smaller than that of the best baseline, otherwise that baseline. The first of several equal baselines is the best.
	fn choose(spec: &DomainSpec, published: &Published, linear: Option<&Model>) -> Result<Self, RefusalReason> {
		ensure!(published.root() == spec.data_root, RefusalReason::DataRootMismatch);
		let baselines = published.baselines(&spec.split)?;
		let models: Vec<&Model> = baselines.iter().map(|(_, model)| model).chain(linear).collect();
		let mut errors = published.validation_errors(spec, &models)?;
		let linear_error = linear.and_then(|_| errors.pop());
		let best = errors.into_iter().zip(&baselines).min_by_key(|(error, _)| *error);
		let (bar, (reference, baseline)) = best.ok_or(RefusalReason::InvalidSplit)?;
		let is_alike = published.is_alike(spec, baseline, bar);
		let (model, error, constant) = match linear_error {
			Some(error) if error < bar => (ModelRef::Linear, error, None),
			_ => {
				let has_parameters = matches!(reference, ModelRef::Constant | ModelRef::BuiltIn);
				(*reference, bar, has_parameters.then(|| baseline.clone()))
			}
		};
		ensure!(error > 0, RefusalReason::ConstantSeries);
		let bar = match published {
			Published::Samples(..) => spec.estimated_bar(bar),
			Published::Series(..) | Published::Rows(..) => bar,
		};
		Ok(Self { model, error, bar, constant, is_alike })
	}
}

impl<T: Config> Pallet<T> {
	/// Returns the series of a domain that was published at activation, if all pages are stored. Returns `None` for rows.
	pub fn series(domain: DomainId) -> Option<Vec<i32>> {
		let spec = Specs::<T>::get(domain)?;
		match &spec.program {
			Program::Quadratic(_) | Program::Landscape(_) | Program::Forecast(_) | Program::Tolerance(_) => {
				Self::values(domain, &spec)
			}
			Program::Rows(_) | Program::LossGenome(_) => None,
		}
	}

	/// Returns the bytes of the rows, or of the samples of training runs, that were published at activation, if all pages are stored.
	/// Returns `None` for a series.
	pub fn rows(domain: DomainId) -> Option<Vec<u8>> {
		let spec = Specs::<T>::get(domain)?;
		match &spec.program {
			Program::Quadratic(_) | Program::Landscape(_) | Program::Forecast(_) | Program::Tolerance(_) => None,
			Program::Rows(_) | Program::LossGenome(_) => Self::bytes(domain, &spec),
		}
	}

	/// Returns the published values of a series.
	fn values(domain: DomainId, spec: &DomainSpec) -> Option<Vec<i32>> {
		Self::concatenated(domain, spec, Page::values)
	}

	/// Returns the published bytes of rows.
	fn bytes(domain: DomainId, spec: &DomainSpec) -> Option<Vec<u8>> {
		Self::concatenated(domain, spec, Page::bytes)
	}

	/// Returns the contents of the pages that were published at activation, as `content` reads them.
	fn concatenated<V: Copy>(domain: DomainId, spec: &DomainSpec, content: impl Fn(&Page) -> Option<&[V]>) -> Option<Vec<V>> {
		let mut all = Vec::with_capacity(spec.values as usize);
		for index in 0..spec.pages().min(MAX_PAGES) {
			all.extend_from_slice(content(&Pages::<T>::get(domain, index)?)?);
		}
		(all.len() as u32 == spec.values).then_some(all)
	}

	/// Activates a loaded domain, or refuses it for good; see [`Call::activate`](crate::Call::activate). Returns the reason of
	/// a refusal, which is stored as [`Status::Refused`]: a call that failed after reading and scoring the data could be
	/// repeated.
	pub(crate) fn do_activate(domain: DomainId, values: u32, units: u32) -> Result<Result<(), RefusalReason>, DispatchError> {
		let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(state.status == Status::Loading, Error::<T>::NotLoading);
		ensure!(state.pages_missing == 0, Error::<T>::PagesMissing);
		let spec = Specs::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(spec.values == values, Error::<T>::ValueCountMismatch);
		// Registration has decoded the model.
		let linear = Baselines::<T>::get(domain).and_then(|bytes| Model::from_bytes(&bytes).ok());
		let price = spec.activation_price(linear.as_ref().map_or(0, Model::macs));
		ensure!(price == u64::from(units), Error::<T>::UnitCountMismatch);
		let published = match &spec.program {
			Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) => return Err(Error::<T>::NotLoading.into()),
			Program::Forecast(program) => Self::values(domain, &spec).map(|values| Published::Series(program, values)),
			Program::Rows(program) => Self::bytes(domain, &spec).map(|bytes| Published::Rows(program, bytes)),
			Program::LossGenome(program) => Self::bytes(domain, &spec).map(|bytes| Published::Samples(program, bytes)),
		};
		let published = published.ok_or(Error::<T>::PagesMissing)?;
		let activated = match Initial::choose(&spec, &published, linear.as_ref()) {
			Ok(initial) => {
				let Initial { model, error, bar, constant, is_alike } = initial;
				state.status = Status::Active;
				state.initial = model;
				state.initial_validation_error = error;
				state.bar = bar;
				state.is_alike = is_alike;
				state.high_water_at = current_block::<T>();
				state.champion = Self::baseline_champion(model, error);
				match constant {
					Some(constant) => {
						Baselines::<T>::insert(domain, ModelBytes::defensive_truncate_from(constant.to_bytes()));
					}
					None if model == ModelRef::Linear => {}
					None => Baselines::<T>::remove(domain),
				}
				Self::deposit_event(Event::Activated { domain, initial: model, error });
				Ok(())
			}
			Err(reason) => {
				state.status = Status::Refused;
				Self::deposit_event(Event::ActivationRefused { domain, reason });
				Err(reason)
			}
		};
		States::<T>::insert(domain, state);
		Ok(activated)
	}
}
