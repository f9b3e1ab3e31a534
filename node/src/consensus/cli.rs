//! Options of the block author.

/// Options of the block author, a part of the command line of the node.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct AuthoringArgs {
	/// Author blocks only for transactions, for rounds that are not decided, and at least every SLOTS slots. Without a value
	/// there are six blocks in an epoch at least. For development chains with one validator only.
	#[arg(long, value_name = "SLOTS", num_args = 0..=1, require_equals = true)]
	pub author_on_work: Option<Option<u64>>,
}
