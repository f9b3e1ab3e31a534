// Structs, bindings and workgroup memory that every stage shares. `gpu/layout.rs` mirrors the structs; a test compares the
// offsets.
//
// All numbers are i32 with wrapping arithmetic, so results are exact and do not depend on the order of a sum. Samples and neurons
// are stored in groups of eight: one vec4 of four words, each with two 16-bit numbers, low half first. `low(v)` unpacks the even
// ones, `high(v)` the odd ones. A group that is not full is padded with zeros, which change no sum.
//
//   what                        order                                                               buffer
//   activations and gradients   per neuron, 32 groups of samples                                    scratch
//   forward weights             per input, groups of outputs                                        parameters
//   backward weights            per output, groups of inputs                                        parameters
//   masters, momenta            per tile of 8 outputs x 8 inputs, 16 vec4: two per output; vec4     parameters
//                               number k of all tiles of a layer are contiguous
//
// Neurons of several steps are stored step by step; the channels of a convolution's output are padded to whole groups. The
// features of a window are its steps: channel by channel for dense nets and cells, step by step for convolutions. The weights of
// a convolution are those of a dense layer that reads one patch.
//
// One workgroup computes one candidate, whatever the candidate's shape. `families/` has the layers before the last one
// (`forward_hidden`, `train_step`), `losses/` the targets, errors and gradients of the last layer, and `stages/` the entry
// points.

const BATCH: u32 = 256u;
const GROUP: u32 = 8u;
// Groups of samples in a batch: the distance between two neurons, in vec4.
const COLUMNS: u32 = 32u;
const MAX_ACT: i32 = 2047;
const OUT_FRAC: u32 = 4u;
const MAX_ERROR: u32 = 0xfffffu;
const MAX_LAYERS: u32 = 9u;
const MAX_CONVS: u32 = 8u;
const MAX_CHANNELS: u32 = 8u;

// Threads of a workgroup, a multiple of COLUMNS.
override SIZE: u32 = 256u;

// Places of one layer. Places are in vec4 of the named buffer.
struct Layer {
	inputs: u32,
	outputs: u32,
	// Groups of eight inputs and of eight outputs.
	input_groups: u32,
	output_groups: u32,
	// Right shift of the accumulators, with rounding.
	shift: u32,
	// Places in `parameters`. Layers without an input gradient have no backward weights: place 0.
	forward_weights: u32,
	bias: u32,
	backward_weights: u32,
	masters: u32,
	momenta: u32,
	bias_masters: u32,
	bias_momenta: u32,
	// Places in `scratch`: activations that the layer reads, gradients of its outputs.
	x: u32,
	gradient: u32,
	// Place in `best`: forward weights, then biases.
	best: u32,
	// Pads the struct to a multiple of 16 bytes.
	reserved: u32,
}

// Geometry of a convolution: each output step reads a patch of several pieces. Distances are in neurons.
struct Conv {
	// Output steps.
	steps: u32,
	// Pieces of a patch, neurons of each piece, and the distance of two pieces.
	pieces: u32,
	piece_size: u32,
	piece_distance: u32,
	// First neuron of the first patch, and the distance of two patches.
	first: u32,
	stride: u32,
	// Right shift of the gradient of one step, with rounding, before the gradients of all steps are summed.
	gradient_shift: u32,
	// Number of threads per tile of weights among which the steps are distributed, and the place in `scratch` of their partial
	// sums.
	parts: u32,
	partial_sums: u32,
	// Pad the struct to a multiple of 16 bytes.
	reserved0: u32,
	reserved1: u32,
	reserved2: u32,
}

// Places and sizes of a gated cell beside its layers; see `families/cell_forward.wgsl`.
struct Cell {
	units: u32,
	channels: u32,
	steps: u32,
	// Units padded to a multiple of eight: the first inputs of the gates.
	padded_units: u32,
	// Right shift of the sums over the input channels, and the place of their biases in `parameters`.
	input_shift: u32,
	input_bias: u32,
	// Places in `scratch`: states of each step, gradients of states, shifts of weight gradients per step, weight gradients.
	states: u32,
	state_gradients: u32,
	gradient_shifts: u32,
	weight_gradients: u32,
	// Number of partial sums of each weight gradient.
	parts: u32,
	// Bits of the gradient of a state, and the shift of weight gradients at the largest exponent.
	gradient_bits: u32,
	sum_shift: u32,
	// Pad the struct to a multiple of 16 bytes.
	reserved0: u32,
	reserved1: u32,
	reserved2: u32,
}

// One candidate or net.
struct Candidate {
	// Key of the Philox stream that draws batches.
	batch_key: vec3<u32>,
	// Synthetic samples of a batch of 256.
	synthetic_share: u32,
	// Steps and channels that the net reads, and the distance of two steps of a channel, in neurons.
	window: u32,
	channels: u32,
	pitch: u32,
	// Strength of the weight decay; see `lion.wgsl`.
	decay: u32,
	// Learning rate, Q16: of the first step, decrease per step, lower bound.
	first_rate: i32,
	rate_decrement: i32,
	last_rate: i32,
	// Layers before the last one, and 1 if the net has a linear skip.
	hidden_layers: u32,
	has_linear_skip: u32,
	// Places in `scratch`: targets, gradients before rescaling.
	targets: u32,
	unscaled: u32,
	// All layers: `hidden_layers` + 1, or 0 for a linear skip alone.
	layer_count: u32,
	// Factors of the error sums of both sources of windows, two 32-bit limbs each.
	published_factor: vec2<u32>,
	synthetic_factor: vec2<u32>,
	// For each channel, the left shift from raw units to activations; negative values shift right.
	input_shifts: array<i32, MAX_CHANNELS>,
	// Number of convolutions, which are the first layers.
	conv_count: u32,
	// Align `linear_skip` to 16 bytes.
	reserved0: u32,
	reserved1: u32,
	reserved2: u32,
	linear_skip: Layer,
	layers: array<Layer, MAX_LAYERS>,
	convs: array<Conv, MAX_CONVS>,
	cell: Cell,
}

// List of the windows of one source: the offset of their starts in `values`, their number, and 2^32 modulo their number, below
// which a random word is rejected.
struct Source {
	offset: u32,
	count: u32,
	surplus: u32,
	// Pads the struct to 16 bytes.
	reserved: u32,
}

// Arguments of one dispatch.
struct Arguments {
	// First step or batch of the dispatch, and their number. `score` reads the number of workgroups per net instead.
	first: u32,
	count: u32,
	// Flags of `evaluate`.
	flags: u32,
	// Steps of a window before the horizon.
	history: u32,
	// Values that are forecast, or classes. `target_steps` is the offset in `values` of the list of their steps after the
	// history, and of the bounds of classes behind it.
	outputs: u32,
	// First entry of `order` for the dispatch.
	first_candidate: u32,
	target_steps: u32,
	// Distance in `values` of two channels of a window.
	channel_stride: u32,
	// Published and synthetic windows to train on and of the early-stopping set.
	training: array<Source, 2>,
	early_stopping: array<Source, 2>,
}

@group(0) @binding(0) var<uniform> arguments: Arguments;
// Index of the candidate of each workgroup.
@group(0) @binding(1) var<storage, read> order: array<u32>;
@group(0) @binding(2) var<storage, read> candidates: array<Candidate>;
// Raw values, then the starts of windows, then the target steps.
@group(0) @binding(3) var<storage, read> values: array<i32>;
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4<i32>>;
@group(0) @binding(5) var<storage, read_write> scratch: array<vec4<i32>>;
@group(0) @binding(6) var<storage, read_write> best: array<vec4<i32>>;
@group(0) @binding(7) var<storage, read_write> results: array<u32>;

// First value of each window of the batch.
var<workgroup> starts: array<u32, BATCH>;
// Last value of the history of each window.
var<workgroup> last_values: array<i32, BATCH>;

// Returns true unless the device truncated a loop of this invocation. Mesa's llvmpipe ends all loops of an invocation after
// 65,535 iterations in total; a truncated invocation then runs this loop at most once.
fn loops_completed() -> bool {
	var iterations = 0u;
	// Two iterations; the bound is a run-time value, so the compiler cannot fold the loop.
	for (var n = 0u; n <= min(arguments.history, 1u); n++) {
		iterations++;
	}
	return iterations == 2u;
}
