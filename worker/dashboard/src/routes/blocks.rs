//! Finalized blocks.

use super::{last_finalized, App};
use crate::{
	error::ApiError,
	extract::{Path, Query},
	shape::{Block, BlockPage, ChainStatus, Problem},
	source::PAGE_BLOCKS,
};
use axum::{extract::State, Json};
use serde::Deserialize;
use serde_with::{As, DisplayFromStr};
use utoipa::IntoParams;

/// Range of blocks.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Range {
	/// First block; without it, the newest blocks.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	from: Option<u32>,
	/// Last block; without it, the last finalized one.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	to: Option<u32>,
}

/// Returns heights and hashes of the chain.
#[utoipa::path(get, path = "/chain/status", operation_id = "chain_status", tag = "chain",
	responses((status = 200, body = ChainStatus), (status = "default", body = Problem)))]
pub(super) async fn status(State(app): State<App>) -> Result<Json<ChainStatus>, ApiError> {
	Ok(Json(app.source()?.chain().await?))
}

/// Returns finalized blocks, at most 50.
#[utoipa::path(get, path = "/chain/blocks", tag = "chain", params(Range),
	responses((status = 200, body = BlockPage), (status = "default", body = Problem)))]
pub(super) async fn blocks(State(app): State<App>, Query(range): Query<Range>) -> Result<Json<BlockPage>, ApiError> {
	let (at, height) = last_finalized(&app).await?;
	let (from, last) = bounds(range.from, range.to, height)?;
	let count = last.checked_sub(from).map_or(0, |more| more.saturating_add(1));
	let most = count.min(PAGE_BLOCKS);
	let blocks = if most == 0 { Vec::new() } else { app.source()?.blocks(from, most).await? };
	Ok(Json(BlockPage { at, from, blocks, has_more: count > most }))
}

/// Returns one finalized block.
#[utoipa::path(get, path = "/chain/block/{index}", tag = "chain",
	params(("index" = u32, Path, description = "Number of the block")),
	responses((status = 200, body = Block), (status = "default", body = Problem)))]
pub(super) async fn block(State(app): State<App>, Path(index): Path<u32>) -> Result<Json<Block>, ApiError> {
	match app.source()?.blocks(index, 1).await?.pop() {
		Some(block) => Ok(Json(block)),
		None => Err(ApiError::not_found(
			format!("block {index} is not finalized"),
			"GET /chain/status has the number of the last finalized block",
		)),
	}
}

/// Returns the first and the last block of a range; the first one is behind the last one if the range has none.
///
/// # Errors
/// Errors with 422 if the range ends before it begins.
fn bounds(from: Option<u32>, to: Option<u32>, height: u32) -> Result<(u32, u32), ApiError> {
	if let Some((from, to)) = from.zip(to).filter(|(from, to)| from > to) {
		let error = format!("the range ends with block {to}, before its first block {from}");
		return Err(ApiError::impossible(error, "ask for `from` up to `to`, e.g. /chain/blocks?from=1&to=50"));
	}
	let last = to.unwrap_or(height).min(height);
	Ok((from.unwrap_or_else(|| last.saturating_sub(PAGE_BLOCKS - 1)), last))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_range_ends_with_the_last_finalized_block() {
		assert_eq!(bounds(None, None, 100), Ok((51, 100)));
		assert_eq!(bounds(None, None, 3), Ok((0, 3)));
		assert_eq!(bounds(Some(7), None, 100), Ok((7, 100)));
		assert_eq!(bounds(None, Some(60), 100), Ok((11, 60)));
		assert_eq!(bounds(Some(0), Some(u32::MAX), 100), Ok((0, 100)));
		assert_eq!(bounds(Some(101), None, 100), Ok((101, 100)), "the range has no block");
		assert_eq!(bounds(Some(8), Some(7), 100).unwrap_err().status, 422);
	}
}
