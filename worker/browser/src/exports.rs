//! Functions of the module. Addresses are those that `allocate` and `open` returned.

use crate::{Check, Fault, MAX_INPUT};
use alloc::{boxed::Box, string::ToString, vec};
use core::{
	fmt::{self, Write},
	panic::PanicInfo,
	ptr,
};

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// Longest text of a panic, in bytes.
const PANIC_BYTES: usize = 256;

mod page {
	#[link(wasm_import_module = "page")]
	extern "C" {
		/// Shows the text of a fault.
		pub fn fail(address: *const u8, length: usize);
	}
}

/// Passes a text to the page.
fn fail(text: &[u8]) {
	// SAFETY: the text lives until the call returns.
	unsafe { page::fail(text.as_ptr(), text.len()) }
}

/// Returns the value of a result, or passes its fault to the page and returns `otherwise`.
fn or_fail<T>(result: Result<T, Fault>, otherwise: T) -> T {
	result.unwrap_or_else(|fault| {
		fail(fault.to_string().as_bytes());
		otherwise
	})
}

/// Returns the address of `length` bytes that the page fills, or 0 for more than [`MAX_INPUT`].
#[no_mangle]
pub extern "C" fn allocate(length: usize) -> *mut u8 {
	if length > MAX_INPUT as usize {
		return or_fail(Err(Fault::Inputs), ptr::null_mut());
	}
	Box::into_raw(vec![0u8; length].into_boxed_slice()).cast()
}

/// Opens encoded inputs. Returns 0 for a fault.
///
/// # Safety
///
/// `allocate` returned the address for this length, and it was not passed to this function before.
#[no_mangle]
pub unsafe extern "C" fn open(address: *mut u8, length: usize) -> *mut Check {
	// SAFETY: this is the slice that `allocate` leaked.
	let inputs = unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(address, length)) };
	or_fail(Check::open(&inputs).map(|check| Box::into_raw(Box::new(check))), ptr::null_mut())
}

/// Returns the number of chunks of a recomputation.
///
/// # Safety
///
/// `open` returned the handle, and it is not 0.
#[no_mangle]
pub unsafe extern "C" fn chunks(handle: *const Check) -> u32 {
	// SAFETY: `open` leaked the value, and nothing frees it.
	unsafe { &*handle }.chunks().into()
}

/// Returns the error sum of a chunk, or −1 for a fault.
///
/// # Safety
///
/// As [`chunks`].
#[no_mangle]
pub unsafe extern "C" fn sum(handle: *const Check, chunk: u32) -> i64 {
	// SAFETY: as in `chunks`.
	let check = unsafe { &*handle };
	or_fail(check.sum(u16::try_from(chunk).unwrap_or(u16::MAX)).map(i64::from), -1)
}

/// Text of a panic, cut where the buffer ends.
struct PanicText {
	bytes: [u8; PANIC_BYTES],
	length: usize,
}

impl Write for PanicText {
	fn write_str(&mut self, text: &str) -> fmt::Result {
		for (place, byte) in self.bytes.iter_mut().skip(self.length).zip(text.bytes()) {
			*place = byte;
			self.length = self.length.saturating_add(1);
		}
		Ok(())
	}
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
	// Memory can be exhausted, so the text is written to the stack.
	let mut text = PanicText { bytes: [0; PANIC_BYTES], length: 0 };
	let _ = write!(text, "the scoring module stopped: {info}");
	fail(text.bytes.get(..text.length).unwrap_or(&[]));
	core::arch::wasm32::unreachable()
}
