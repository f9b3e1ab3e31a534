// Forecasts of the rounds of a stream over its closes, as the columns of a chart.

/** Forecasts that are drawn at a time. */
export const LINES = 4;
/** Bars that are drawn at least, and horizons. */
const BARS = 96;
const HORIZONS = 4;

/** Returns the rounds whose forecasts have a place among the bars, newest first. */
export function placed(past) {
	return past.filter((round) => round.zero !== null && round.horizon_end !== null && round.forecasts.length > 0);
}

/**
 * Returns the forecasts to draw as `[round, forecast]`: the best one of each of the newest rounds; of the round with the number
 * `number`, the best ones and that of the account `own`.
 */
export function chosen(past, number, own) {
	const rounds = placed(past);
	const one = rounds.find(({ round }) => round === number);
	if (!one) return rounds.slice(0, LINES).map((round) => [round, round.forecasts[0]]);
	const best = one.forecasts.slice(0, LINES);
	const mine = one.forecasts.find(({ peer_id: account }) => account === own);
	const shown = !mine || best.includes(mine) ? best : [...best.slice(0, LINES - 1), mine];
	return shown.map((forecast) => [one, forecast]);
}

/**
 * Returns the numbers of the bars, their closes, and the values of each forecast of `chosen`, in units times `factor`. `null` is a bar
 * that is missing, or that is not forecast.
 */
export function columns({ first_close: first, closes }, forecasts, horizon, factor) {
	const end = first + closes.length;
	const from = ([{ horizon_end: after }, { changes }]) => after - changes.length;
	const earliest = Math.min(end, ...forecasts.map(from));
	const start = Math.max(first, Math.min(end - Math.max(BARS, HORIZONS * horizon), earliest - horizon));
	const last = Math.max(end, ...forecasts.map(([round]) => round.horizon_end));
	const bars = Array.from({ length: last - start }, (_, place) => start + place);
	const scaled = (value) => (value === null || value === undefined ? null : value * factor);
	const lines = forecasts.map((one) => {
		const [{ zero }, { changes }] = one;
		return bars.map((bar) => (changes[bar - from(one)] === undefined ? null : scaled(zero + changes[bar - from(one)])));
	});
	return [bars, bars.map((bar) => scaled(closes[bar - first])), ...lines];
}
