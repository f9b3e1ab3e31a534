//! Sums and faults of the compiled module, as a page calls it.

mod common;

use codec::Encode;
use common::{cases, model, seed, series, synthetic};
use doin_browser::{Fault, MAX_INPUT, SCORING_WASM};
use doin_primitives::{EvidenceRef, ModelRef};
use wasmtime::{Caller, Engine, Instance, Linker, Memory, Module, Store};

/// Largest module that the page loads, in bytes.
const MAX_MODULE: usize = 300_000;

/// Instance of the module. The state of the store is the last text that the module passed to the page.
struct Page {
	store: Store<String>,
	instance: Instance,
	memory: Memory,
}

/// Returns the compiled module.
fn module() -> &'static [u8] {
	SCORING_WASM.expect("the crate was built without its module: rebuild it with SKIP_WASM_BUILD unset")
}

impl Page {
	fn new(engine: &Engine, module: &Module) -> Self {
		let mut linker = Linker::new(engine);
		let fail = |mut caller: Caller<'_, String>, address: u32, length: u32| {
			let memory = caller.get_export("memory").and_then(|export| export.into_memory()).expect("memory");
			let text = &memory.data(&caller)[address as usize..][..length as usize];
			*caller.data_mut() = String::from_utf8(text.to_vec()).expect("UTF-8");
		};
		linker.func_wrap("page", "fail", fail).unwrap();
		let mut store = Store::new(engine, String::new());
		let instance = linker.instantiate(&mut store, module).expect("the module imports page.fail only");
		let memory = instance.get_memory(&mut store, "memory").expect("memory");
		Self { store, instance, memory }
	}

	fn allocate(&mut self, length: u32) -> wasmtime::Result<u32> {
		let allocate = self.instance.get_typed_func::<u32, u32>(&mut self.store, "allocate").unwrap();
		allocate.call(&mut self.store, length)
	}

	/// Returns the handle of opened inputs, or 0.
	fn open(&mut self, inputs: &[u8]) -> u32 {
		let length = inputs.len() as u32;
		let address = self.allocate(length).unwrap();
		self.memory.write(&mut self.store, address as usize, inputs).unwrap();
		let open = self.instance.get_typed_func::<(u32, u32), u32>(&mut self.store, "open").unwrap();
		open.call(&mut self.store, (address, length)).unwrap()
	}

	fn chunks(&mut self, handle: u32) -> u32 {
		let chunks = self.instance.get_typed_func::<u32, u32>(&mut self.store, "chunks").unwrap();
		chunks.call(&mut self.store, handle).unwrap()
	}

	fn sum(&mut self, handle: u32, chunk: u32) -> i64 {
		let sum = self.instance.get_typed_func::<(u32, u32), i64>(&mut self.store, "sum").unwrap();
		sum.call(&mut self.store, (handle, chunk)).unwrap()
	}
}

fn page() -> Page {
	let engine = Engine::default();
	let module = Module::new(&engine, module()).expect("the module is valid");
	Page::new(&engine, &module)
}

#[test]
fn sums_of_the_module_equal_those_of_the_definition() {
	let engine = Engine::default();
	let module = Module::new(&engine, module()).expect("the module is valid");
	for case in cases() {
		let mut page = Page::new(&engine, &module);
		let handle = page.open(&case.inputs.encode());
		assert_ne!(handle, 0, "{}: {}", case.name, page.store.data());
		let sums: Vec<_> = (0..page.chunks(handle)).map(|chunk| page.sum(handle, chunk)).collect();
		assert_eq!(sums, case.sums.iter().map(|sum| i64::from(*sum)).collect::<Vec<_>>(), "{}", case.name);
	}
}

#[test]
fn faults_reach_the_page_as_text() {
	let mut page = page();
	assert_eq!(page.open(&[1, 2, 3]), 0);
	assert_eq!(*page.store.data(), Fault::Inputs.to_string());
	let mut inputs = series(1, synthetic).inputs(ModelRef::Stored(4), Some(&model(2)), Some((EvidenceRef::Drawn, seed(0))), &[]);
	let handle = page.open(&inputs.encode());
	assert_eq!(page.sum(handle, 32), -1);
	assert_eq!(*page.store.data(), Fault::NoSuchChunk(32).to_string());
	assert_eq!(page.sum(handle, 1 << 16), -1, "not chunk 0");
	*inputs.published.last_mut().unwrap() ^= 1;
	assert_eq!(page.open(&inputs.encode()), 0);
	assert_eq!(*page.store.data(), Fault::DataHash.to_string());
}

#[test]
fn memory_is_bounded_and_its_end_has_a_reason() {
	let mut page = page();
	assert_eq!(page.allocate(MAX_INPUT + 1).unwrap(), 0);
	assert_eq!(*page.store.data(), Fault::Inputs.to_string());
	let mut last = Ok(1);
	for _ in 0..64 {
		if last.is_err() {
			break;
		}
		last = page.allocate(MAX_INPUT);
	}
	assert!(last.is_err(), "64 MiB are used up");
	assert!(page.store.data().starts_with("the scoring module stopped: "), "{}", page.store.data());
	assert!(page.memory.data_size(&page.store) <= 64 << 20);
}

#[test]
fn the_module_is_small_and_not_compressed() {
	assert_eq!(module()[..4], *b"\0asm");
	assert!(module().len() <= MAX_MODULE, "{} bytes", module().len());
}
