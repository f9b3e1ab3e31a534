//! Sources of forecasts: nets that are trained in the background, the model of a file, or a program of the user.

use super::TARGET;
use crate::config::ForecastConfig;
use anyhow::{bail, ensure, Context, Result};
use doin_compute::Executor;
use doin_forecast::LoadedModel;
use doin_forecaster::{
	plugin::{Closed, Opening, Window},
	read_file, Bar, BaseModel, Channel, Clock, FileOptions, Inputs, NamedModel, Plugin, PluginError, Recipe, Series, Terms,
};
use doin_plugin::{Fault, ProcessError};
use std::{
	path::PathBuf,
	sync::{
		atomic::{AtomicBool, Ordering},
		mpsc::{self, RecvTimeoutError},
		Arc,
	},
	time::Duration,
};
use tokio::{sync::oneshot, task::JoinHandle};

/// Pause between two looks whether a program runs.
const PROGRAM_PAUSE: Duration = Duration::from_secs(1);
/// Longest gap between the history and the first bar of the stream, in bars.
const LONGEST_GAP: u64 = 9_000;

/// Bars that are known, and the terms of rounds.
#[derive(Clone, Debug)]
pub(super) struct Known {
	/// Bars of the stream, up to the last one of an input.
	pub(super) series: Arc<Series>,
	/// Number of the bar after the last one.
	pub(super) end: u64,
	/// Terms of the round; the lead is that which is expected.
	pub(super) terms: Terms,
}

/// Raises a switch when it is dropped.
#[derive(Debug, Default)]
struct Raise(Arc<AtomicBool>);

impl Drop for Raise {
	fn drop(&mut self) {
		self.0.store(true, Ordering::Relaxed);
	}
}

/// Source of forecasts.
pub(super) enum Model {
	/// Nets of a family.
	Net(Box<Net>),
	/// Model of a file.
	File(Arc<LoadedModel>),
	/// Program of the user.
	Program(Asker),
}

impl Model {
	/// Opens the forecaster of a configuration. Nets use `threads` threads.
	///
	/// # Errors
	///
	/// Errors if the file of a model cannot be read.
	pub(super) fn open(config: &ForecastConfig, threads: usize) -> Result<Self> {
		Ok(match config.forecaster() {
			NamedModel::Family(family) => {
				let recipe = Recipe { family, seed: config.seed, epochs: config.epochs };
				Self::Net(Box::new(Net::new(config, recipe, threads)?))
			}
			NamedModel::File(path) => Self::File(Arc::new(LoadedModel::read(&path)?)),
			NamedModel::Program(command) => Self::Program(Asker::start(command, Duration::from_secs(config.timeout))?),
		})
	}

	/// Returns the number of bars of an input that the forecaster reads at most.
	pub(super) fn lookback(&self, usual: usize) -> usize {
		match self {
			Self::File(loaded) => usual.max(loaded.program.history.into()),
			Self::Net(_) | Self::Program(_) => usual,
		}
	}

	/// Checks that a file has a model of the stream.
	///
	/// # Errors
	///
	/// Errors if it has that of another stream, or one that does not reach the end of a round.
	pub(super) fn check(&self, known: &Known) -> Result<()> {
		match self {
			Self::File(loaded) => fixed(loaded, known).map(drop),
			Self::Net(_) | Self::Program(_) => Ok(()),
		}
	}

	/// Looks after a training: takes its net once it has ended, and begins the next one when it is due. The terms have the longest lead.
	pub(super) async fn keep(&mut self, known: &Known) {
		if let Self::Net(net) = self {
			net.keep(known).await;
		}
	}

	/// Begins a forecast of round `round`; `None` while there is no net.
	pub(super) fn forecast(&self, round: u32, known: Known) -> Option<JoinHandle<Result<Vec<i32>>>> {
		match self {
			Self::Net(net) => net.forecast(known),
			Self::File(loaded) => {
				let loaded = loaded.clone();
				Some(tokio::task::spawn_blocking(move || {
					let (model, terms) = fixed(&loaded, &known)?;
					let inputs = Inputs::new(&known.series, &[])?;
					model.changes(&inputs, last_bar(&inputs)?, &terms)
				}))
			}
			Self::Program(asker) => Some(asker.forecast(round, &known)),
		}
	}

	/// Tells a program the truth of a round.
	pub(super) fn truth(&self, round: u32, zero: i64, closes: Vec<Option<i64>>) {
		if let Self::Program(asker) = self {
			asker.send(Message::Truth(Closed { round: round.into(), zero, closes }));
		}
	}
}

/// Returns the place of the last bar.
fn last_bar(inputs: &Inputs) -> Result<usize> {
	inputs.len().checked_sub(1).context("the stream has no bars yet")
}

/// Returns the model of a file, and the terms with a lead that it reaches.
fn fixed(loaded: &LoadedModel, known: &Known) -> Result<(BaseModel, Terms)> {
	let longest = usize::from(loaded.program.horizon).saturating_sub(known.terms.horizon).saturating_add(1);
	// A model that ends a few bars early forecasts a horizon that begins as early.
	let lead = known.terms.lead.min(longest.max(*doin_forecaster::rounds::LEADS.start()));
	let terms = Terms { lead, ..known.terms.clone() };
	Ok((BaseModel::of_file(loaded, &known.series, &terms)?, terms))
}

/// Nets of a family.
pub(super) struct Net {
	recipe: Recipe,
	channels: Vec<Channel>,
	/// Bars from one training to the next.
	every: Option<u64>,
	threads: usize,
	/// File of earlier bars, and how it is read.
	history: Option<(PathBuf, FileOptions)>,
	/// Bars of that file, once they are read.
	earlier: Option<Arc<Series>>,
	trained: Option<Trained>,
	training: Option<Training>,
	/// Number of the bar after the last one of a training that failed.
	failed: Option<u64>,
}

/// A net.
#[derive(Clone)]
struct Trained {
	model: Arc<BaseModel>,
	/// Number of the bar after the last one that it was trained on.
	until: u64,
	/// Longest lead that it forecasts.
	lead: usize,
}

/// A training in the background.
struct Training {
	task: JoinHandle<Result<BaseModel>>,
	until: u64,
	lead: usize,
	/// Ends the training when it is dropped.
	_stop: Raise,
}

impl Net {
	fn new(config: &ForecastConfig, recipe: Recipe, threads: usize) -> Result<Self> {
		let options = FileOptions { column: config.column.clone(), times: config.times()?, decimals: None };
		let history = config.history.clone().map(|path| (path, options));
		if let Some((path, options)) = &history {
			// A mistake in the file is an error before a node is waited for.
			read_file(path, options)?;
		}
		let (channels, every) = (config.channels.0.clone(), config.retrain.map(u64::from));
		let (earlier, trained, training, failed) = (None, None, None, None);
		Ok(Self { recipe, channels, every, threads: threads.max(1), history, earlier, trained, training, failed })
	}

	/// Returns `true` if a training is to begin on bars that end before `end`. After a failure, new bars are waited for.
	fn is_due(&self, end: u64, batch: usize) -> bool {
		let waits = self.failed.is_some_and(|failed| end < failed.saturating_add(batch as u64));
		let is_old = |trained: &Trained| self.every.is_some_and(|every| end >= trained.until.saturating_add(every));
		self.training.is_none() && !waits && self.trained.as_ref().is_none_or(is_old)
	}

	async fn keep(&mut self, known: &Known) {
		if let Some(ended) = self.training.take_if(|training| training.task.is_finished()) {
			self.take(ended).await;
		}
		if !self.is_due(known.end, known.terms.batch) {
			return;
		}
		let series = match self.series(known) {
			Ok(series) => series,
			Err(error) => return self.fail(known.end, &error),
		};
		let (recipe, channels, threads, terms) = (self.recipe.clone(), self.channels.clone(), self.threads, known.terms.clone());
		let stop = Raise::default();
		let (switch, lead) = (stop.0.clone(), terms.lead);
		let task = tokio::task::spawn_blocking(move || {
			let inputs = Inputs::new(&series, &channels)?;
			let executor = Executor::cpu(threads)?;
			recipe.train(&inputs, inputs.len(), &terms, &executor, &switch)
		});
		tracing::info!(target: TARGET, bars = known.series.bars.len(), family = %self.recipe.family, "training begins");
		self.training = Some(Training { task, until: known.end, lead, _stop: stop });
	}

	/// Takes the net of a training that has ended.
	async fn take(&mut self, Training { task, until, lead, .. }: Training) {
		match task.await.context("the training ended early").flatten() {
			Ok(model) => {
				let answers = format!("{:.0} %", 100.0 * model.factor());
				tracing::info!(target: TARGET, until, answers, "net trained; it answers this part of the changes that it forecasts");
				self.trained = Some(Trained { model: Arc::new(model), until, lead });
				self.failed = None;
			}
			Err(error) => self.fail(until, &error),
		}
	}

	fn fail(&mut self, end: u64, error: &anyhow::Error) {
		if self.failed.is_none() {
			tracing::warn!(target: TARGET, "no net is trained yet, and it is tried again with each batch of bars: {error:#}");
		}
		self.failed = Some(end);
	}

	/// Returns the bars of the history and of the stream. The history is read in the decimals of the stream.
	fn series(&mut self, known: &Known) -> Result<Arc<Series>> {
		let Some((path, options)) = &self.history else { return Ok(known.series.clone()) };
		let earlier = match &self.earlier {
			Some(earlier) => earlier.clone(),
			None => {
				let options = FileOptions { decimals: Some(known.series.decimals), ..options.clone() };
				self.earlier.insert(Arc::new(read_file(path, &options)?)).clone()
			}
		};
		Ok(Arc::new(joined(&earlier, &known.series)?))
	}

	fn forecast(&self, known: Known) -> Option<JoinHandle<Result<Vec<i32>>>> {
		let trained = self.trained.clone()?;
		let (channels, earlier) = (self.channels.clone(), self.earlier.clone());
		Some(tokio::task::spawn_blocking(move || {
			let series = match earlier {
				Some(earlier) => Arc::new(joined(&earlier, &known.series)?),
				None => known.series,
			};
			let inputs = Inputs::new(&series, &channels)?;
			let terms = Terms { lead: known.terms.lead.min(trained.lead), ..known.terms };
			trained.model.changes(&inputs, last_bar(&inputs)?, &terms)
		}))
	}
}

/// Returns the bars of a file followed by those of the stream. Bars of the file that the stream has too are left out, and a gap between
/// them has missing bars. Rows without times are the bars right before the first one of the stream.
///
/// # Errors
///
/// Errors if bars have another length than those of the stream, or end long before.
pub(super) fn joined(earlier: &Series, live: &Series) -> Result<Series> {
	let mut bars = earlier.bars.clone();
	let clock = match (earlier.clock, live.clock) {
		(Some(then), Some(now)) => {
			ensure!(
				then.step == now.step,
				"the bars of {} have {} ms, and those of stream {} have {}: take bars of the same length, or name no times",
				earlier.name,
				then.step,
				live.name,
				now.step
			);
			let before = i128::from(now.first) - i128::from(then.first);
			ensure!(
				before.rem_euclid(i128::from(now.step.max(1))) == 0,
				"the bars of {} do not end when those of stream {} do: take another file",
				earlier.name,
				live.name
			);
			let places = before.div_euclid(i128::from(now.step.max(1)));
			let gap = places - bars.len() as i128;
			if gap > i128::from(LONGEST_GAP) {
				bail!(
					"{} ends {gap} bars before the first one of stream {}: bring later bars, e.g. with `doin-worker history`",
					earlier.name,
					live.name
				);
			}
			bars.resize(usize::try_from(places).unwrap_or(0), None);
			(!bars.is_empty()).then_some(then).or(Some(now))
		}
		_ => None,
	};
	bars.extend(live.bars.iter().copied());
	let fields = live.fields.iter().copied().filter(|field| earlier.fields.contains(field)).collect();
	Ok(Series { bars, fields, clock, ..live.clone() })
}

/// Message to the thread of a program.
enum Message {
	/// Asks for a forecast.
	Forecast(Box<Question>),
	/// Tells the truth of a round.
	Truth(Closed),
}

/// A question to a program.
struct Question {
	opening: Opening,
	window: Window,
	answer: oneshot::Sender<Result<Vec<i32>>>,
}

/// A program of the user, on a thread of its own. It is started when it is asked first, and again after a failure. One that ends between
/// two rounds is started at once, so that it has loaded its model when it is asked.
pub(super) struct Asker {
	messages: mpsc::Sender<Message>,
	/// Ends the waiting for an answer when it is dropped.
	_stop: Raise,
}

impl Asker {
	fn start(command: Vec<String>, patience: Duration) -> Result<Self> {
		let (messages, received) = mpsc::channel();
		let stop = Raise::default();
		let switch = stop.0.clone();
		let thread = std::thread::Builder::new().name("forecaster".into());
		thread.spawn(move || converse(&command, patience, &switch, &received)).context("no thread can be started")?;
		Ok(Self { messages, _stop: stop })
	}

	fn send(&self, message: Message) {
		// The thread ends with its last sender only.
		self.messages.send(message).ok();
	}

	fn forecast(&self, round: u32, known: &Known) -> JoinHandle<Result<Vec<i32>>> {
		let (answer, answered) = oneshot::channel();
		let (opening, window) = (Opening::new(&known.series, &known.terms), window(round, known));
		self.send(Message::Forecast(Box::new(Question { opening, window, answer })));
		tokio::spawn(async move { answered.await.context("the thread of the program has ended")? })
	}
}

/// Returns what a program is told of a round.
fn window(round: u32, known: &Known) -> Window {
	let series = &known.series;
	let first = series.bars.len().saturating_sub(known.terms.lookback);
	let values = |bar: &Bar| -> Vec<i64> { series.fields.iter().map(|field| bar.get(*field)).collect() };
	let bars = series.bars.iter().skip(first).map(|bar| bar.as_ref().map(values)).collect();
	let last = series.bars.len().saturating_sub(1);
	let end = series.clock.map(|clock: Clock| clock.end(last));
	Window { round: round.into(), end, lead: Some(known.terms.lead), bars }
}

/// Asks a program until nobody has a message for it.
fn converse(command: &[String], patience: Duration, stop: &AtomicBool, messages: &mpsc::Receiver<Message>) {
	let mut asked = AskedProgram { command, patience, stop, plugin: None, opening: None };
	loop {
		match messages.recv_timeout(PROGRAM_PAUSE) {
			Ok(Message::Forecast(question)) => {
				let Question { opening, window, answer } = *question;
				answer.send(asked.ask(opening, &window)).ok();
			}
			Ok(Message::Truth(closed)) => {
				if let Some(plugin) = &asked.plugin {
					plugin.closed(&closed);
				}
			}
			Err(RecvTimeoutError::Timeout) => asked.look(),
			Err(RecvTimeoutError::Disconnected) => return,
		}
	}
}

/// A program that is asked round by round.
struct AskedProgram<'a> {
	command: &'a [String],
	/// Time for an answer.
	patience: Duration,
	stop: &'a AtomicBool,
	/// The program, while it runs.
	plugin: Option<Plugin<'a>>,
	/// Opening of its last start; `None` after it was started without a question since, so that one which ends at once is not started over
	/// and over.
	opening: Option<Opening>,
}

impl<'a> AskedProgram<'a> {
	/// Returns the answer of the program, which is started unless it runs. One that has ended since the last round is started again.
	fn ask(&mut self, opening: Opening, window: &Window) -> Result<Vec<i32>> {
		let horizon = opening.horizon;
		let answered = self.plugin.as_mut().map(|running| running.changes(window, horizon));
		let has_ended =
			matches!(answered, Some(Err(PluginError::Fault(Fault::Process { reason: ProcessError::Ended { .. }, .. }))));
		let answered = match answered.filter(|_| !has_ended) {
			Some(answered) => answered,
			None => self.start(&opening).and_then(|running| running.changes(window, horizon)),
		};
		self.opening = Some(opening);
		if answered.is_err() {
			self.plugin = None;
		}
		Ok(answered?)
	}

	/// Starts the program, in the place of one that ran before.
	fn start(&mut self, opening: &Opening) -> Result<&mut Plugin<'a>, PluginError> {
		let started = Plugin::start(self.command, opening, self.patience, self.stop)?;
		Ok(self.plugin.insert(started))
	}

	/// Starts the program again if it has ended since it was asked.
	fn look(&mut self) {
		let has_ended = self.plugin.as_mut().is_some_and(|plugin| !plugin.is_running());
		let Some(opening) = self.opening.take_if(|_| has_ended) else { return };
		tracing::warn!(target: TARGET, stream = opening.stream, "the program has ended between two rounds, and is started again");
		self.plugin = None;
		if let Err(error) = self.start(&opening) {
			tracing::warn!(target: TARGET, "{error}; it is started again when it is asked");
		}
	}
}
