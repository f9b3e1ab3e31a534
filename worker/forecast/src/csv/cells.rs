//! Cells of the selected columns of a file, in bounded memory.

use std::collections::VecDeque;

/// Most rows that are held, four times what a chain stores of one channel. Gaps are filled and the last rows chosen among these.
pub const MAX_HELD_ROWS: usize = 1 << 20;
/// Most bytes of text that are held.
const MAX_HELD_BYTES: usize = 256 << 20;
/// Most rows of a block. Whole blocks are dropped where only the last rows are kept.
const BLOCK_ROWS: usize = 1 << 16;
/// Bytes of text from which on a block takes no further row.
const BLOCK_BYTES: usize = 16 << 20;

/// Cells, row by row.
#[derive(Debug)]
pub struct Cells {
	/// Cells of a row.
	columns: usize,
	/// `true` if the first rows are dropped where there are too many.
	keep_last: bool,
	blocks: VecDeque<Block>,
	/// Number of rows that were dropped.
	dropped: usize,
}

/// Rows that are dropped together.
#[derive(Debug, Default)]
struct Block {
	/// Number of rows before the block, dropped ones included.
	first: usize,
	/// Line of each row.
	lines: Vec<u64>,
	/// Texts of all cells.
	text: String,
	/// End of each cell in the text.
	ends: Vec<u32>,
}

impl Block {
	fn cell(&self, at: usize) -> &str {
		let from = if at == 0 { 0 } else { self.ends[at - 1] };
		&self.text[from as usize..self.ends[at] as usize]
	}
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
	block: &'a Block,
	at: usize,
	columns: usize,
}

impl<'a> Row<'a> {
	/// Returns the line in which the row begins.
	pub fn line(&self) -> u64 {
		self.block.lines[self.at]
	}

	/// Returns the text of a cell.
	pub fn cell(&self, column: usize) -> &'a str {
		self.block.cell(self.at * self.columns + column)
	}
}

impl Cells {
	/// Makes a store of rows of `columns` cells. With `keep_last`, the last rows are kept where there are too many.
	pub fn new(columns: usize, keep_last: bool) -> Self {
		Self { columns, keep_last, blocks: VecDeque::new(), dropped: 0 }
	}

	/// Adds a row. Returns `false` if there is no room, and the row was not added.
	pub fn push<'a>(&mut self, line: u64, cells: impl Iterator<Item = &'a str>) -> bool {
		let full = |block: &Block| block.lines.len() >= BLOCK_ROWS || block.text.len() >= BLOCK_BYTES;
		if self.blocks.back().is_none_or(full) {
			let bytes: usize = self.blocks.iter().map(|block| block.text.len()).sum();
			if self.rows() + BLOCK_ROWS > MAX_HELD_ROWS || bytes + BLOCK_BYTES > MAX_HELD_BYTES {
				if !self.keep_last {
					return false;
				}
				if let Some(block) = self.blocks.pop_front() {
					self.dropped += block.lines.len();
				}
			}
			self.blocks.push_back(Block { first: self.dropped + self.rows(), ..Default::default() });
		}
		let Some(block) = self.blocks.back_mut() else { return false };
		block.lines.push(line);
		for cell in cells {
			block.text.push_str(cell);
			block.ends.push(block.text.len() as u32);
		}
		true
	}

	/// Removes the last row.
	pub fn pop(&mut self) {
		let Some(block) = self.blocks.back_mut() else { return };
		block.lines.pop();
		block.ends.truncate(block.lines.len() * self.columns);
		block.text.truncate(block.ends.last().map_or(0, |end| *end as usize));
		if block.lines.is_empty() {
			self.blocks.pop_back();
		}
	}

	/// Returns the number of rows that are held.
	pub fn rows(&self) -> usize {
		self.blocks.back().map_or(0, |block| block.first + block.lines.len() - self.dropped)
	}

	/// Returns the number of rows that were dropped before these.
	pub fn dropped(&self) -> usize {
		self.dropped
	}

	/// Returns a row, counted from the first that is held.
	pub fn row(&self, at: usize) -> Row<'_> {
		let at = at + self.dropped;
		let block = &self.blocks[self.blocks.partition_point(|block| block.first <= at) - 1];
		Row { block, at: at - block.first, columns: self.columns }
	}

	/// Returns the rows in the order of the file.
	pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
		let columns = self.columns;
		self.blocks.iter().flat_map(move |block| (0..block.lines.len()).map(move |at| Row { block, at, columns }))
	}
}
