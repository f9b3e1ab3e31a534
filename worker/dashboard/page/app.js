// Dashboard: header, tabs, the panel that is shown, and the popover of figures.
import { html, render, useEffect } from "./lib/html.js";
import { start, useAnswer, useFeed } from "./lib/store.js";
import { duration, short, time } from "./lib/format.js";
import { Tabs, ThemeSwitch, useRoute } from "./lib/frame.js";
import { Figure, FigurePopover } from "./lib/ui.js";
import { FINAL, finalized, HEAD } from "./lib/items.js";
import { Overview } from "./panels/overview.js";
import { Domains } from "./panels/domains.js";
import { Rounds } from "./panels/rounds.js";
import { Training } from "./panels/training.js";
import { Forecast } from "./panels/forecast.js";
import { Streams } from "./panels/streams.js";
import { Answers } from "./panels/answers.js";
import { Work } from "./panels/work.js";
import { Evaluations } from "./panels/evaluations.js";
import { Unpaid } from "./panels/unpaid.js";
import { Network } from "./panels/network.js";
import { Events } from "./panels/events.js";

/** Panels: name in the address, text of the tab, component, and the answer without which the panel is not drawn. */
const PANELS = [
	["overview", "Overview", Overview],
	["domains", "Domains", Domains],
	["rounds", "Rounds", Rounds],
	["training", "Training", Training, "training"],
	["forecast", "Forecast", Forecast, "forecast"],
	["forecasts", "Live forecasts", Streams],
	["answers", "Paid answers", Answers],
	["work", "Work", Work],
	["evaluations", "Evaluations", Evaluations],
	["unpaid", "Unpaid", Unpaid, "analytics"],
	["network", "Network", Network],
	["events", "Events", Events],
];

function App() {
	const route = useRoute("overview");
	const status = useAnswer("/status", ["best", "block"]);
	const training = useAnswer("/api/training", ["search"]);
	const chain = useAnswer("/api/optimization", ["best", "Domains", "Optimae", "Gauge", "Evidence"]);
	const has = {
		training: training.problem?.status !== 501,
		forecast: chain.data === null || chain.data.domains.some((domain) => domain.program === "forecast"),
		analytics: status.data === null || status.data.analytics !== null,
	};
	const panels = PANELS.filter(([, , , needs]) => !needs || has[needs]);
	const [name, label, Panel] = panels.find(([id]) => id === route.panel) ?? panels[0];
	useEffect(() => {
		document.title = `${label} – DOIN worker`;
	}, [label]);
	return html`
		<a class="skip" href="#panel"
			onClick=${(event) => (event.preventDefault(), document.getElementById("panel").focus())}>Skip to the panel</a>
		<${Header} status=${status} />
		<${Banner} status=${status} />
		<div class="frame">
			<${Tabs} panels=${panels} current=${name} />
			<main><div id="panel" role="tabpanel" tabindex="-1" aria-labelledby=${`tab-${name}`}>
				<${Panel} key=${name} rest=${route.rest} status=${status} chain=${chain} training=${training} />
			</div></main>
		</div>
		<${Footer} node=${status.data?.node} />
		<${FigurePopover} />`;
}

function Header({ status }) {
	const { data } = status;
	return html`<header class="top">
		<h1 class="brand"><span class="mark" aria-hidden="true"></span>DOIN<span class="brand-rest"> worker</span></h1>
		<div class="top-facts">
			<span class="top-fact">
				<span class="label">Block</span> <${Figure} exact=${data?.chain_height} at=${data?.at} from=${HEAD} /></span>
			<span class="top-fact wide-only">
				<span class="label">Finalized</span> <${Figure} exact=${data?.security.finalized_height}
					at=${data ? finalized(data) : null} from=${FINAL} /></span>
			<${Connection} status=${status} />
		</div>
		<${ThemeSwitch} />
	</header>`;
}

/** Returns the state of the connection to the worker, and of the worker to its node, in a word and in a sentence. */
function useConnection({ data, problem }) {
	const feed = useFeed();
	const isLost = feed.connection === "lost";
	const isWaiting = !isLost && (problem !== null || data?.status === "waiting");
	const tone = isLost ? "bad" : isWaiting || feed.connection === "connecting" ? "warn" : "good";
	const text = isLost
		? "Connection lost"
		: feed.connection === "connecting"
			? "Connecting"
			: isWaiting
				? "Node is not ready"
				: "Live";
	const detail = isLost
		? `The worker does not answer since ${time(feed.since)}. The page connects again by itself; figures below are not current.`
		: isWaiting
			? `${problem ? `${problem.error}. ${problem.next}` : (data?.node.sync ?? "")}`
			: "";
	return { tone, text, detail };
}

function Connection({ status }) {
	const { tone, text } = useConnection(status);
	return html`<span class=${`connection ${tone}`} role="status"><span class="dot" aria-hidden="true"></span>${text}</span>`;
}

function Banner({ status }) {
	const { tone, detail } = useConnection(status);
	return detail ? html`<p class=${`banner ${tone}`} role="alert">${detail}</p>` : null;
}

function Footer({ node }) {
	return html`<footer class="foot">
		<p>${
			node
				? html`Worker ${node.version}, running
			for ${duration(1000 * node.uptime_s)} · network <span title=${node.genesis}>${short(node.genesis, 10, 6)}</span>`
				: ""
		}${node ? " · " : ""}Select a number or an account to see where it comes from.</p>
		<p><a href="/explorer">Explorer</a> · <a href="/api/openapi.json">Routes (OpenAPI)</a> · <a href="/dashboard/vendor/licences.txt">Licences</a></p>
	</footer>`;
}

start();
const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
