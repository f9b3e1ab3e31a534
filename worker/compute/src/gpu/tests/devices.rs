//! Tests of faults, stops and the selection of devices.

use super::*;
use crate::gpu::adapter::positions;
use std::{sync::atomic::Ordering, thread, time::Duration};

#[test]
fn a_lost_device_gives_an_error_and_no_net() {
	let device = software();
	let data = Dataset::new(seasonal(), 0, 1).unwrap();
	let candidate = Candidate { window: 24, width: 32, depth: 3, epochs: 1000, ..Candidate::default() };
	thread::scope(|scope| {
		scope.spawn(|| {
			thread::sleep(Duration::from_millis(700));
			device.lose();
		});
		let nets = on_device(&device, &data, &[candidate; 3]);
		let lost =
			|net: &Result<Net, Error>| matches!(net, Err(Error::Device(DeviceError::Lost { .. } | DeviceError::Driver { .. })));
		assert!(nets.iter().all(lost), "{nets:?}");
	});
	assert!(device.fault().is_some());
	assert!(on_device(&device, &data, &[candidate])[0].is_err());
	let chunks = validation_chunks(&data.task).unwrap();
	assert!(device.score(&data.task.program, &[&data.linear_model(24, 0).unwrap().net], &chunks).is_err());
}

#[test]
fn a_stop_ends_training_between_two_submissions() {
	let device = shared();
	let data = Dataset::new(seasonal(), 0, 1).unwrap();
	let candidate = Candidate { window: 24, epochs: 1000, depth: 3, ..Candidate::default() };
	let stop = AtomicBool::new(false);
	thread::scope(|scope| {
		scope.spawn(|| {
			thread::sleep(Duration::from_millis(300));
			stop.store(true, Ordering::Relaxed);
		});
		let executor = Executor::devices_only(device.0.clone());
		let ended = executor.run(&data, &[candidate; 2], Grouping::Independent, &Control::new(&stop));
		assert_eq!(ended.unwrap_err(), Error::Stopped);
	});
	assert_eq!(device.fault(), None);
}

#[test]
fn batches_become_smaller_when_memory_runs_out() {
	let device = software();
	let data = Dataset::new(seasonal(), 0, 1).unwrap();
	let base = Candidate { window: 24, width: 12, epochs: 1, ..Candidate::default() };
	let candidates: Vec<Candidate> = (0..6).map(|seed| Candidate { seed, ..base }).collect();
	assert_eq!(device.batch_size(&data, candidates.chunks(1)), 6);
	small_batches(&device, &data, &candidates);
	assert!((1..=2).contains(&device.batch_size(&data, candidates.chunks(1))));
	assert_equal(&device, &data, &candidates);
	assert!(!device.recover_from_out_of_memory(), "there was no fault");
}

/// A busy machine delays measurements, from which the length of a submission follows.
#[test]
fn nets_do_not_depend_on_the_measured_throughput() {
	let device = software();
	// Dense nets, whose shaders every device has compiled.
	let base = Candidate { window: 6, width: 9, epochs: 3, ..Candidate::default() };
	let candidates = [base, Candidate { linear_skip: false, depth: 2, ..base }, Candidate { seed: 1, ..base }];
	let data = Dataset::new(seasonal(), 0, 1).unwrap();
	for measured in [1.0, 1e15] {
		(0..64).for_each(|_| device.record_throughput(measured, 1.0));
		assert_equal(&device, &data, &candidates);
	}
}

#[test]
fn k41_numbers_names_and_lists_name_devices() {
	let names =
		["NVIDIA GeForce RTX 3080 Ti", "NVIDIA GeForce RTX 4090", "llvmpipe (LLVM 15.0.6, 256 bits)", "AMD Radeon RX 6800"];
	let chosen = |text: &str| match text.parse().unwrap() {
		DeviceSelection::Named(wanted) => positions(&wanted, &names).map(|found| found.into_iter().collect::<Vec<_>>()),
		other => panic!("{text}: {other:?}"),
	};
	for (text, expected) in [
		("0", vec![0]),
		("3", vec![3]),
		("0,1", vec![0, 1]),
		(" 1 , 0, ", vec![0, 1]),
		("1,4090", vec![1]),
		("4090", vec![1]),
		("3080Ti", vec![0]),
		("3080 ti", vec![0]),
		("geforce", vec![0, 1]),
		("256", vec![2]),
		("LLVM pipe, 6800", vec![2, 3]),
	] {
		assert_eq!(chosen(text), Ok(expected), "{text}");
	}
	for (text, missing) in [("4", "4"), ("0,4070", "4070"), ("auto,0", "auto"), ("a card of the future", "a card of the future")]
	{
		assert_eq!(chosen(text), Err(missing.into()), "{text}");
	}
}

#[test]
fn devices_are_selected_by_kind_index_or_name() {
	let named = |names: &[&str]| DeviceSelection::Named(names.iter().map(|name| name.to_string()).collect());
	for (text, selection) in [
		("auto", DeviceSelection::Auto),
		("", DeviceSelection::Auto),
		(" None ", DeviceSelection::None),
		("1", named(&["1"])),
		(" GeForce ", named(&["GeForce"])),
		("0, RTX 4090", named(&["0", "RTX 4090"])),
	] {
		assert_eq!(text.parse(), Ok(selection));
	}
	let adapters = adapters();
	let software: Vec<&Adapter> = adapters.iter().filter(|adapter| !adapter.is_gpu()).collect();
	assert!(!software.is_empty(), "there is no Vulkan device in software: run scripts/setup.sh");
	assert!(DeviceSelection::Auto.choose(&adapters).unwrap().iter().all(|adapter| adapter.is_gpu()));
	assert!(DeviceSelection::None.choose(&adapters).unwrap().is_empty());
	let index = named(&[&software[0].index.to_string()]);
	assert_eq!(index.choose(&adapters).unwrap()[0].name, software[0].name);
	let name = named(&[&software[0].name[..5].to_uppercase()]);
	assert!(name.choose(&adapters).unwrap().iter().any(|adapter| adapter.index == software[0].index));
	for wanted in ["99", "a card of the future"] {
		let refused = Devices::open(&wanted.parse().unwrap()).unwrap_err().to_string();
		assert!(refused.contains(wanted) && refused.contains(&software[0].name), "{refused}");
	}
	assert!(Devices::open(&DeviceSelection::None).unwrap().all().is_empty());
}

#[test]
fn a_device_that_is_too_small_is_refused_with_numbers() {
	let mut adapter = adapter();
	adapter.limits.max_compute_invocations_per_workgroup = 16;
	let refused = Device::open(&adapter).unwrap_err();
	let limit = "max_compute_invocations_per_workgroup";
	assert!(matches!(&refused, DeviceError::Limit { limit: named, has: 16, .. } if *named == limit));
	assert!(refused.to_string().contains("is 16, "), "{refused}");
}
