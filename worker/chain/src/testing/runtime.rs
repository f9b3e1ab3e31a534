//! Metadata of a runtime that has the calls and runtime APIs of this crate, and changes of it.

use crate::compatibility::signatures::{CALLS, METHODS};
use codec::{Compact, Encode};
use scale_info::{
	form::PortableForm, meta_type, Field, MetaType, Path, PortableRegistry, PortableType, Registry, Type, TypeDefVariant,
	TypeInfo, Variant,
};
use subxt::{
	ext::frame_metadata::{
		v15::{
			CustomMetadata, ExtrinsicMetadata, OuterEnums, PalletCallMetadata, PalletConstantMetadata, PalletErrorMetadata,
			PalletEventMetadata, PalletMetadata, PalletStorageMetadata, RuntimeApiMetadata, RuntimeApiMethodMetadata,
			RuntimeApiMethodParamMetadata, RuntimeMetadataV15, SignedExtensionMetadata, StorageEntryMetadata,
			StorageEntryModifier, StorageEntryType, StorageHasher,
		},
		RuntimeMetadataPrefixed,
	},
	Metadata,
};

/// A name and its type.
type Named = (String, MetaType);

/// A runtime whose metadata can be changed.
#[derive(Clone)]
pub(crate) struct Runtime {
	pallets: Vec<Pallet>,
	methods: Vec<Method>,
}

#[derive(Clone)]
struct Pallet {
	name: String,
	calls: Vec<(String, Vec<Named>)>,
	events: Vec<(String, Vec<Named>)>,
}

#[derive(Clone)]
struct Method {
	name: String,
	inputs: Vec<Named>,
	output: MetaType,
}

/// `sp_runtime::DispatchError`, as far as tests use it.
#[derive(TypeInfo)]
#[allow(dead_code)]
enum DispatchError {
	Other,
	CannotLookup,
	BadOrigin,
	Module(ModuleError),
	ConsumerRemaining,
	NoProviders,
	TooManyConsumers,
	Token(TokenError),
	Arithmetic(ArithmeticError),
}

#[derive(TypeInfo)]
#[allow(dead_code)]
struct ModuleError {
	index: u8,
	error: [u8; 4],
}

#[derive(TypeInfo)]
#[allow(dead_code)]
enum TokenError {
	FundsUnavailable,
	OnlyProvider,
}

#[derive(TypeInfo)]
#[allow(dead_code)]
enum ArithmeticError {
	Underflow,
	Overflow,
}

/// `sp_runtime::MultiAddress<AccountId32, ()>`.
#[derive(TypeInfo)]
#[allow(dead_code)]
pub(crate) enum MultiAddress {
	Id(AccountId32),
	Index(#[codec(compact)] ()),
	Raw(Vec<u8>),
	Address32([u8; 32]),
	Address20([u8; 20]),
}

#[derive(TypeInfo)]
#[allow(dead_code)]
pub(crate) struct AccountId32([u8; 32]);

#[derive(TypeInfo)]
#[allow(dead_code)]
enum MultiSignature {
	Ed25519([u8; 64]),
	Sr25519([u8; 64]),
	Ecdsa([u8; 65]),
}

/// Errors of every pallet of the runtime.
#[derive(TypeInfo)]
#[scale_info(capture_docs = "always")]
#[allow(dead_code)]
enum PalletError {
	/// Every chunk is recomputed.
	///
	/// Ask for other chunks.
	AlreadyRecomputed,
	Undocumented,
}

/// Value of `Gauge.Ballots`, with a field that reads do not use.
#[derive(TypeInfo)]
#[allow(dead_code)]
struct Ballot {
	deposit: u128,
	votes: Vec<(u32, u32)>,
}

/// Item of `Gauge.Nominations`, with a field that reads do not use.
#[derive(TypeInfo)]
#[allow(dead_code)]
struct Nomination {
	domain: u32,
	nominator: AccountId32,
	further: u8,
	deposit: u128,
	since: u32,
}

/// Value of `Optimae.Models`.
#[derive(TypeInfo)]
#[allow(dead_code)]
struct StoredModel {
	author: AccountId32,
	round: doin_primitives::RoundId,
	bytes: Vec<u8>,
	genes: Vec<i64>,
	validation: Vec<u32>,
	hold: u128,
}

/// Value of `Recomputation.Challenges`.
#[derive(TypeInfo)]
#[allow(dead_code)]
struct Challenge {
	hash: [u8; 32],
	at: u32,
	bond: u128,
}

/// Value of `Evaluators.Evaluators`.
#[derive(TypeInfo)]
#[allow(dead_code)]
struct Evaluator {
	bond: u128,
	serving: Vec<u32>,
	absences: u8,
}

/// Value of `Reputation.Records`.
#[derive(TypeInfo)]
#[allow(dead_code)]
struct Record {
	score: u64,
	at: u32,
}

impl Default for Runtime {
	/// Returns the runtime that this crate was built for.
	fn default() -> Self {
		let mut runtime = Self { pallets: Vec::new(), methods: Vec::new() };
		let unit = meta_type::<()>;
		for signature in CALLS {
			let arguments = signature.arguments.iter().map(|argument| match argument.name {
				"dest" | "real" => (argument.name.to_owned(), meta_type::<MultiAddress>()),
				name => (name.to_owned(), argument.ty.map_or_else(unit, |ty| ty())),
			});
			let (name, call) = (signature.pallet, (signature.name.to_owned(), arguments.collect()));
			match runtime.pallets.iter_mut().find(|pallet| pallet.name == name) {
				Some(pallet) => pallet.calls.push(call),
				None => runtime.pallets.push(Pallet { name: name.to_owned(), calls: vec![call], events: Vec::new() }),
			}
		}
		for method in METHODS {
			let inputs =
				method.arguments.iter().map(|argument| (argument.name.to_owned(), argument.ty.map_or_else(unit, |ty| ty())));
			runtime.methods.push(Method { name: method.name.to_owned(), inputs: inputs.collect(), output: (method.output)() });
		}
		runtime
	}
}

impl Runtime {
	/// Removes a pallet.
	pub(crate) fn without_pallet(mut self, pallet: &str) -> Self {
		self.pallets.retain(|found| found.name != pallet);
		self
	}

	/// Removes a call.
	pub(crate) fn without_call(mut self, pallet: &str, call: &str) -> Self {
		self.calls_mut(pallet).retain(|(name, _)| name != call);
		self
	}

	/// Replaces the arguments of a call.
	pub(crate) fn with_call(mut self, pallet: &str, call: &str, arguments: Vec<(&str, MetaType)>) -> Self {
		let found = self.calls_mut(pallet).iter_mut().find(|(name, _)| name == call).expect("the call exists");
		found.1 = named(arguments);
		self
	}

	/// Adds a call, and its pallet if it is missing.
	pub(crate) fn and_call(mut self, pallet: &str, call: &str, arguments: Vec<(&str, MetaType)>) -> Self {
		self.pallet_mut(pallet).calls.push((call.to_owned(), named(arguments)));
		self
	}

	/// Adds an event, and its pallet if it is missing.
	pub(crate) fn and_event(mut self, pallet: &str, event: &str, fields: Vec<(&str, MetaType)>) -> Self {
		self.pallet_mut(pallet).events.push((event.to_owned(), named(fields)));
		self
	}

	/// Removes a method of the runtime API.
	pub(crate) fn without_method(mut self, method: &str) -> Self {
		self.methods.retain(|found| found.name != method);
		self
	}

	/// Replaces the types of a method of the runtime API.
	pub(crate) fn with_method(mut self, method: &str, inputs: Vec<(&str, MetaType)>, output: MetaType) -> Self {
		let found = self.methods.iter_mut().find(|found| found.name == method).expect("the method exists");
		(found.inputs, found.output) = (named(inputs), output);
		self
	}

	/// Returns the indices of a pallet and of its call.
	pub(crate) fn call_index(&self, pallet: &str, call: &str) -> (u8, u8) {
		let at = self.pallet_index(pallet);
		let call = self.pallets[at].calls.iter().position(|(name, _)| name == call).expect("the call exists");
		(at as u8, call as u8)
	}

	/// Returns the indices of a pallet and of its event.
	pub(crate) fn event_index(&self, pallet: &str, event: &str) -> (u8, u8) {
		let at = self.pallet_index(pallet);
		let event = self.pallets[at].events.iter().position(|(name, _)| name == event).expect("the event exists");
		(at as u8, event as u8)
	}

	/// Returns `DispatchError::Module` of an error of a pallet, in SCALE.
	pub(crate) fn module_error(&self, pallet: &str, error: &str) -> Vec<u8> {
		let error = ["AlreadyRecomputed", "Undocumented"].iter().position(|name| *name == error).expect("the error exists");
		(3u8, self.pallet_index(pallet) as u8, error as u8, [0u8; 3]).encode()
	}

	/// Returns the metadata as subxt reads it.
	pub(crate) fn metadata(&self) -> Metadata {
		self.build().try_into().expect("the metadata is complete")
	}

	/// Returns the metadata as a node sends it.
	pub(crate) fn encoded(&self) -> Vec<u8> {
		RuntimeMetadataPrefixed::from(self.build()).encode()
	}

	fn pallet_index(&self, pallet: &str) -> usize {
		self.pallets.iter().position(|found| found.name == pallet).expect("the pallet exists")
	}

	fn pallet_mut(&mut self, pallet: &str) -> &mut Pallet {
		let at = self.pallets.iter().position(|found| found.name == pallet).unwrap_or_else(|| {
			self.pallets.push(Pallet { name: pallet.to_owned(), calls: Vec::new(), events: Vec::new() });
			self.pallets.len() - 1
		});
		&mut self.pallets[at]
	}

	fn calls_mut(&mut self, pallet: &str) -> &mut Vec<(String, Vec<Named>)> {
		let at = self.pallet_index(pallet);
		&mut self.pallets[at].calls
	}

	fn build(&self) -> RuntimeMetadataV15 {
		let mut types = Types(Registry::new());
		let calls: Vec<_> = self.pallets.iter().map(|pallet| types.variants(&pallet.calls)).collect();
		let events: Vec<_> = self.pallets.iter().map(|pallet| types.variants(&pallet.events)).collect();
		let apis = vec![RuntimeApiMetadata {
			name: "DoinApi".into(),
			methods: self.methods.iter().map(|method| types.method(method)).collect(),
			docs: vec![],
		}];
		let [unit, error, dispatch] =
			[meta_type::<()>(), meta_type::<PalletError>(), meta_type::<DispatchError>()].map(|ty| types.id(ty));
		let extrinsic = types.extrinsic();
		let mut storage: Vec<_> = self.pallets.iter().map(|pallet| types.storage(&pallet.name)).collect();
		let amount = types.id(meta_type::<u128>());

		let mut types = PortableRegistry::from(types.0);
		types.types[dispatch as usize].ty.path = portable_path(&["sp_runtime", "DispatchError"]);
		let mut enumeration = |name: &str, variants: Vec<Variant<PortableForm>>| {
			let ty = types.types.len() as u32;
			let definition: TypeDefVariant<PortableForm> = TypeDefVariant { variants };
			types.types.push(PortableType::new(ty, Type::new(portable_path(&["pallet", name]), vec![], definition, vec![])));
			ty
		};
		let pallets = self.pallets.iter().zip(calls).zip(events).enumerate().map(|(index, ((pallet, calls), events))| {
			let (call_type, event_type) = (enumeration("Call", calls), enumeration("Event", events));
			PalletMetadata {
				name: pallet.name.clone(),
				storage: storage[index].take(),
				calls: Some(PalletCallMetadata { ty: call_type.into() }),
				event: Some(PalletEventMetadata { ty: event_type.into() }),
				constants: vec![PalletConstantMetadata {
					name: "Deposit".into(),
					ty: amount.into(),
					value: 7u128.encode(),
					docs: vec![],
				}],
				error: Some(PalletErrorMetadata { ty: error.into() }),
				index: index as u8,
				docs: vec![],
			}
		});
		let pallets = pallets.collect();
		RuntimeMetadataV15 {
			types,
			pallets,
			extrinsic,
			ty: unit.into(),
			apis,
			outer_enums: OuterEnums { call_enum_ty: unit.into(), event_enum_ty: unit.into(), error_enum_ty: unit.into() },
			custom: CustomMetadata { map: Default::default() },
		}
	}
}

/// Types of a metadata under construction.
struct Types(Registry);

impl Types {
	fn id(&mut self, ty: MetaType) -> u32 {
		self.0.register_type(&ty).id
	}

	fn variants(&mut self, calls: &[(String, Vec<Named>)]) -> Vec<Variant<PortableForm>> {
		let calls = calls.iter().enumerate().map(|(index, (name, arguments))| {
			let fields = arguments.iter().map(|(name, ty)| Field::new(Some(name.clone()), self.id(*ty).into(), None, vec![]));
			Variant::new(name.clone(), fields.collect(), index as u8, vec![])
		});
		calls.collect()
	}

	fn method(&mut self, method: &Method) -> RuntimeApiMethodMetadata<PortableForm> {
		RuntimeApiMethodMetadata {
			name: method.name.clone(),
			inputs: (method.inputs.iter())
				.map(|(name, ty)| RuntimeApiMethodParamMetadata { name: name.clone(), ty: self.id(*ty).into() })
				.collect(),
			output: self.id(method.output).into(),
			docs: vec![],
		}
	}

	/// Returns an extrinsic with the extensions that a mortal, tipped transaction needs.
	fn extrinsic(&mut self) -> ExtrinsicMetadata<PortableForm> {
		let unit = self.id(meta_type::<()>());
		let extensions = [
			("CheckSpecVersion", unit, self.id(meta_type::<u32>())),
			("CheckTxVersion", unit, self.id(meta_type::<u32>())),
			("CheckGenesis", unit, self.id(meta_type::<[u8; 32]>())),
			("CheckMortality", self.id(meta_type::<[u8; 2]>()), self.id(meta_type::<[u8; 32]>())),
			("CheckNonce", self.id(meta_type::<Compact<u32>>()), unit),
			("ChargeTransactionPayment", self.id(meta_type::<Compact<u128>>()), unit),
		];
		let signed_extensions = extensions.map(|(identifier, ty, additional)| SignedExtensionMetadata {
			identifier: identifier.into(),
			ty: ty.into(),
			additional_signed: additional.into(),
		});
		ExtrinsicMetadata {
			version: 4,
			address_ty: self.id(meta_type::<MultiAddress>()).into(),
			call_ty: unit.into(),
			signature_ty: self.id(meta_type::<MultiSignature>()).into(),
			extra_ty: unit.into(),
			signed_extensions: signed_extensions.into(),
		}
	}

	/// Returns the storage of the pallet `Gauge`: the ballot of this session's one validator, and the nominations.
	/// Returns the storage items of a pallet that tests read.
	fn storage(&mut self, pallet: &str) -> Option<PalletStorageMetadata<PortableForm>> {
		let entries = match pallet {
			"Gauge" => {
				let nominations = StorageEntryType::Plain(self.id(meta_type::<Vec<Nomination>>()).into());
				vec![self.map::<AccountId32, Ballot>("Ballots"), storage_entry("Nominations", nominations)]
			}
			"Optimae" => vec![self.map::<u64, StoredModel>("Models")],
			"Recomputation" => vec![self.map::<AccountId32, Challenge>("Challenges")],
			"Evaluators" => vec![self.map::<AccountId32, Evaluator>("Evaluators")],
			"Reputation" => vec![self.map::<AccountId32, Record>("Records")],
			_ => return None,
		};
		Some(PalletStorageMetadata { prefix: pallet.into(), entries })
	}

	/// Returns a map from `K` to `V`. Tests do not compute its keys.
	fn map<K: TypeInfo + 'static, V: TypeInfo + 'static>(&mut self, name: &str) -> StorageEntryMetadata<PortableForm> {
		let (key, value) = (self.id(meta_type::<K>()).into(), self.id(meta_type::<V>()).into());
		storage_entry(name, StorageEntryType::Map { hashers: vec![StorageHasher::Identity], key, value })
	}
}

fn storage_entry(name: &str, ty: StorageEntryType<PortableForm>) -> StorageEntryMetadata<PortableForm> {
	let modifier = StorageEntryModifier::Optional;
	StorageEntryMetadata { name: name.to_owned(), modifier, ty, default: vec![0], docs: vec![] }
}

fn named(arguments: Vec<(&str, MetaType)>) -> Vec<Named> {
	arguments.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect()
}

fn portable_path(segments: &[&str]) -> Path<PortableForm> {
	Path::from_segments_unchecked(segments.iter().map(ToString::to_string))
}
