//! Conversion of the faults of a record, and of refused activations, to errors of the pallet.

use crate::{types::RefusalReason, Config, Error};
use doin_primitives::domain::SpecError;
use doin_scoring::{genome::RunError, rows::RowError, ProgramError};

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
			SpecError::Live => Error::InvalidLive,
			SpecError::Growth => Error::InvalidGrowth,
			SpecError::Drawn => Error::InvalidDrawn,
			SpecError::Licence => Error::InvalidLicence,
			SpecError::Stake => Error::InvalidStake,
			SpecError::AwaitedTarget => Error::AwaitedTarget,
			SpecError::Segment => Error::InvalidSegment,
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
			ProgramError::Rows(error) => error.into(),
			ProgramError::Stride => Error::InvalidStride,
			ProgramError::Landscape => Error::InvalidLandscape,
			ProgramError::Code => Error::InvalidCode,
			ProgramError::Tolerance => Error::InvalidTolerance,
			ProgramError::InitialError => Error::InvalidInitialError,
			ProgramError::Run(error) => error.into(),
		}
	}
}

impl<T: Config> From<RowError> for Error<T> {
	fn from(error: RowError) -> Self {
		match error {
			RowError::Features => Error::InvalidFeatures,
			RowError::Image => Error::InvalidImage,
			RowError::Classes => Error::InvalidClasses,
			RowError::Values => Error::InvalidLabelValues,
			RowError::Rows | RowError::Chunks => Error::InvalidRows,
			RowError::Split => Error::InvalidSplit,
			RowError::Length => Error::InvalidRowLength,
			RowError::Label => Error::InvalidRow,
		}
	}
}

impl<T: Config> From<RunError> for Error<T> {
	fn from(error: RunError) -> Self {
		match error {
			RunError::Features => Error::InvalidFeatures,
			RunError::Classes => Error::InvalidClasses,
			RunError::Length => Error::InvalidRowLength,
			RunError::Label | RunError::OneClass => Error::InvalidRow,
			RunError::Chunks => Error::InvalidChunks,
			RunError::Cost => Error::RunTooCostly,
			RunError::TooManyBytes => Error::TooManyPages,
			RunError::Shift | RunError::Hidden | RunError::Samples | RunError::Batch | RunError::Steps | RunError::Rate => {
				Error::InvalidRuns
			}
		}
	}
}

impl<T: Config> From<RefusalReason> for Error<T> {
	fn from(reason: RefusalReason) -> Self {
		match reason {
			RefusalReason::DataRootMismatch => Error::DataRootMismatch,
			RefusalReason::ConstantSeries => Error::ConstantSeries,
			RefusalReason::InvalidSplit => Error::InvalidSplit,
			RefusalReason::InvalidRow => Error::InvalidRow,
			RefusalReason::OneClass => Error::InvalidRow,
		}
	}
}
