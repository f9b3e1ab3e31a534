//! Conversion of the faults of a record, and of refused activations, to errors of the pallet.

use crate::{types::RefusalReason, Config, Error};
use doin_primitives::domain::SpecError;
use doin_scoring::ProgramError;

impl<T: Config> From<SpecError> for Error<T> {
	fn from(error: SpecError) -> Self {
		match error {
			SpecError::Name => Error::InvalidName,
			SpecError::Unit => Error::InvalidUnit,
			SpecError::GeneName => Error::InvalidGeneName,
			SpecError::DuplicateGene => Error::DuplicateGene,
			SpecError::GeneBounds => Error::InvalidGeneBounds,
			SpecError::GeneScale => Error::InvalidGeneScale,
			SpecError::GeneFraction => Error::InvalidGeneFraction,
			SpecError::ModelBytes => Error::InvalidModelBytes,
			SpecError::WindowMacs => Error::InvalidWindowMacs,
			SpecError::TooManyPages => Error::TooManyPages,
			SpecError::DataRoot => Error::InvalidDataRoot,
			SpecError::MinImprovement => Error::InvalidMinImprovement,
			SpecError::Target => Error::InvalidTarget,
			SpecError::UnsupportedEvidence => Error::UnsupportedEvidence,
			SpecError::UnsupportedGrowth => Error::UnsupportedGrowth,
			SpecError::Program(error) => error.into(),
		}
	}
}

impl<T: Config> From<ProgramError> for Error<T> {
	fn from(error: ProgramError) -> Self {
		match error {
			ProgramError::Dimensions => Error::InvalidDimensions,
			ProgramError::Horizon => Error::InvalidHorizon,
			ProgramError::Season => Error::InvalidSeason,
			ProgramError::History => Error::InvalidHistory,
			ProgramError::Chunks => Error::InvalidChunks,
			ProgramError::Split => Error::InvalidSplit,
			ProgramError::Template => Error::InvalidTemplate,
			ProgramError::Unstable => Error::UnstableGenerator,
			ProgramError::Noise => Error::GeneratorTooQuiet,
			ProgramError::Range => Error::GeneratorOutOfRange,
			ProgramError::NotSynthetic => Error::NotSynthetic,
			ProgramError::Channels => Error::InvalidChannels,
			ProgramError::Bounds => Error::InvalidBounds,
			ProgramError::Steps => Error::InvalidSteps,
			ProgramError::UnsupportedLoss => Error::UnsupportedLoss,
			ProgramError::UnsupportedPhase => Error::UnsupportedPhase,
		}
	}
}

impl<T: Config> From<RefusalReason> for Error<T> {
	fn from(reason: RefusalReason) -> Self {
		match reason {
			RefusalReason::DataRootMismatch => Error::DataRootMismatch,
			RefusalReason::ConstantSeries => Error::ConstantSeries,
			RefusalReason::InvalidSplit => Error::InvalidSplit,
		}
	}
}
