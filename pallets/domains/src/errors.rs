//! What is wrong with a record, as the pallet's errors.

use crate::{Config, Error};
use doin_primitives::domain::SpecError;
use doin_scoring::ProgramError;

impl<T: Config> From<SpecError> for Error<T> {
	fn from(error: SpecError) -> Self {
		match error {
			SpecError::Name => Error::BadName,
			SpecError::Unit => Error::BadUnit,
			SpecError::GeneName => Error::BadGeneName,
			SpecError::DuplicateGene => Error::DuplicateGene,
			SpecError::GeneBounds => Error::BadGeneBounds,
			SpecError::GeneScale => Error::BadGeneScale,
			SpecError::GeneFraction => Error::BadGeneFraction,
			SpecError::ModelBytes => Error::BadModelBytes,
			SpecError::WindowMacs => Error::BadWindowMacs,
			SpecError::TooManyPages => Error::TooManyPages,
			SpecError::DataRoot => Error::BadDataRoot,
			SpecError::MinImprovement => Error::BadMinImprovement,
			SpecError::Target => Error::BadTarget,
			SpecError::Program(error) => error.into(),
		}
	}
}

impl<T: Config> From<ProgramError> for Error<T> {
	fn from(error: ProgramError) -> Self {
		match error {
			ProgramError::Dimensions => Error::BadDimensions,
			ProgramError::Horizon => Error::BadHorizon,
			ProgramError::Season => Error::BadSeason,
			ProgramError::History => Error::BadHistory,
			ProgramError::Chunks => Error::BadChunks,
			ProgramError::Split => Error::BadSplit,
			ProgramError::Template => Error::BadTemplate,
			ProgramError::Unstable => Error::UnstableGenerator,
			ProgramError::Range => Error::GeneratorOutOfRange,
			ProgramError::NotSynthetic => Error::NotSynthetic,
			ProgramError::Channels => Error::BadChannels,
			ProgramError::Bounds => Error::BadBounds,
			ProgramError::Steps => Error::BadSteps,
		}
	}
}
