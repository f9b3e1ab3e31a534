//! Sources of forecasts: nets that are trained in the background, the model of a file, or a program of the user.

use super::{
	history::{History, Learning},
	TARGET,
};
use crate::config::ForecastConfig;
use anyhow::{Context, Result};
use doin_compute::Executor;
use doin_forecast::LoadedModel;
use doin_forecaster::{
	plugin::{Closed, Opening, Window},
	Bar, BaseModel, Channel, Clock, Inputs, NamedModel, Plugin, PluginError, Recipe, Series, Terms,
};
use doin_plugin::{Fault, ProcessError};
use std::{
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
			NamedModel::Program(command) => {
				Self::Program(Asker::start(command, Duration::from_secs(config.timeout), Learning::open(config)?)?)
			}
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

	/// Looks after a training: takes its net once it has ended, and begins the next one when it is due. A program that is to learn is
	/// started, so that it has learnt before it is asked. The terms have the longest lead.
	pub(super) async fn keep(&mut self, known: &Known) {
		match self {
			Self::Net(net) => net.keep(known).await,
			Self::Program(asker) => asker.keep(known),
			Self::File(_) => {}
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
			Self::Program(asker) => Some(asker.forecast(round, known)),
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
	/// Bars before those of the stream.
	history: History,
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
		let (channels, every, history) = (config.channels.0.clone(), config.retrain.map(u64::from), History::open(config)?);
		let (trained, training, failed) = (None, None, None);
		Ok(Self { recipe, channels, every, threads: threads.max(1), history, trained, training, failed })
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
		let series = match self.history.before(&known.series) {
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

	fn forecast(&self, known: Known) -> Option<JoinHandle<Result<Vec<i32>>>> {
		let trained = self.trained.clone()?;
		let (channels, mut history) = (self.channels.clone(), self.history.clone());
		Some(tokio::task::spawn_blocking(move || {
			let series = history.before(&known.series)?;
			let inputs = Inputs::new(&series, &channels)?;
			let terms = Terms { lead: known.terms.lead.min(trained.lead), ..known.terms };
			trained.model.changes(&inputs, last_bar(&inputs)?, &terms)
		}))
	}
}

/// Message to the thread of a program.
enum Message {
	/// Starts the program, which is to learn from the bars.
	Learn(Box<Known>),
	/// Asks for a forecast.
	Forecast(Box<Question>),
	/// Tells the truth of a round.
	Truth(Closed),
}

/// A question to a program.
struct Question {
	round: u32,
	known: Known,
	answer: oneshot::Sender<Result<Vec<i32>>>,
}

/// A program of the user, on a thread of its own. It is started when it is asked first, or before that if it is to learn, and again after a
/// failure. One that ends between two rounds is started at once, so that it has loaded its model when it is asked.
pub(super) struct Asker {
	messages: mpsc::Sender<Message>,
	/// The program is to learn.
	learns: bool,
	/// Number of the bar after the last one when it was to be started last.
	told: Option<u64>,
	/// Ends the waiting for an answer when it is dropped.
	_stop: Raise,
}

impl Asker {
	fn start(command: Vec<String>, patience: Duration, learning: Learning) -> Result<Self> {
		let (messages, received) = mpsc::channel();
		let (stop, learns) = (Raise::default(), learning.is_wanted());
		let switch = stop.0.clone();
		let thread = std::thread::Builder::new().name("forecaster".into());
		let run = move || converse(&command, patience, &switch, learning, &received);
		thread.spawn(run).context("no thread can be started")?;
		Ok(Self { messages, learns, told: None, _stop: stop })
	}

	fn send(&self, message: Message) {
		// The thread ends with its last sender only.
		self.messages.send(message).ok();
	}

	/// Has a program that is to learn started, with each batch of bars until it runs.
	fn keep(&mut self, known: &Known) {
		if self.learns && self.told.is_none_or(|told| told < known.end) {
			self.told = Some(known.end);
			self.send(Message::Learn(Box::new(known.clone())));
		}
	}

	fn forecast(&self, round: u32, known: Known) -> JoinHandle<Result<Vec<i32>>> {
		let (answer, answered) = oneshot::channel();
		self.send(Message::Forecast(Box::new(Question { round, known, answer })));
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
fn converse(command: &[String], patience: Duration, stop: &AtomicBool, learning: Learning, messages: &mpsc::Receiver<Message>) {
	let mut asked = AskedProgram { command, patience, stop, learning, plugin: None, last: None, has_warned: false };
	loop {
		match messages.recv_timeout(PROGRAM_PAUSE) {
			Ok(Message::Learn(known)) => asked.learn(&known),
			Ok(Message::Forecast(question)) => {
				let Question { round, known, answer } = *question;
				answer.send(asked.ask(round, known)).ok();
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
	/// Training pairs that it is given at each start.
	learning: Learning,
	/// The program, while it runs.
	plugin: Option<Plugin<'a>>,
	/// Bars of the last question; `None` after it was started without a question since, so that one which ends at once is not started over
	/// and over.
	last: Option<Known>,
	/// The reason for which it does not learn is logged.
	has_warned: bool,
}

impl<'a> AskedProgram<'a> {
	/// Returns the answer of the program, which is started unless it runs. One that has ended since the last round is started again.
	fn ask(&mut self, round: u32, known: Known) -> Result<Vec<i32>> {
		let (window, horizon) = (window(round, &known), known.terms.horizon);
		let answered = self.plugin.as_mut().map(|running| running.changes(&window, horizon));
		let has_ended =
			matches!(answered, Some(Err(PluginError::Fault(Fault::Process { reason: ProcessError::Ended { .. }, .. }))));
		let answered = match answered.filter(|_| !has_ended) {
			Some(answered) => answered.map_err(anyhow::Error::from),
			None => self.start(&known).and_then(|running| Ok(running.changes(&window, horizon)?)),
		};
		self.last = Some(known);
		if answered.is_err() {
			self.plugin = None;
		}
		answered
	}

	/// Starts the program, in the place of one that ran before, and gives it pairs of the bars that are known.
	fn start(&mut self, known: &Known) -> Result<&mut Plugin<'a>> {
		let pairs = self.learning.pairs(&known.series, &known.terms)?;
		let started = Plugin::start(self.command, &Opening::new(&known.series, &known.terms), self.patience, self.stop)?;
		pairs.iter().for_each(|pair| started.pair(pair));
		if !pairs.is_empty() {
			tracing::info!(target: TARGET, stream = known.series.name, pairs = pairs.len(), "the program is given training pairs");
		}
		Ok(self.plugin.insert(started))
	}

	/// Starts the program unless it runs, so that it has learnt before it is asked.
	fn learn(&mut self, known: &Known) {
		if self.plugin.is_some() {
			return;
		}
		let Some(error) = self.start(known).err() else { return };
		if !self.has_warned {
			self.has_warned = true;
			let stream = &known.series.name;
			tracing::warn!(target: TARGET, stream, "the program learns nothing yet, and it is tried again with each batch of bars: {error:#}");
		}
	}

	/// Starts the program again if it has ended since it was asked.
	fn look(&mut self) {
		let has_ended = self.plugin.as_mut().is_some_and(|plugin| !plugin.is_running());
		let Some(known) = self.last.take_if(|_| has_ended) else { return };
		let stream = &known.series.name;
		tracing::warn!(target: TARGET, stream, "the program has ended between two rounds, and is started again");
		self.plugin = None;
		if let Err(error) = self.start(&known) {
			tracing::warn!(target: TARGET, stream, "{error:#}; it is started again when it is asked");
		}
	}
}
