// Explorer: header, tabs, the panel that is shown, and the popover of figures.
import { html, render, useEffect, useState } from "../lib/html.js";
import { time } from "../lib/format.js";
import { Tabs, ThemeSwitch, useRoute } from "../lib/frame.js";
import { Figure, FigurePopover } from "../lib/ui.js";
import { FINAL, HEAD } from "../lib/items.js";
import { start } from "./node.js";
import { useNode } from "./use.js";
import { go } from "./parts.js";
import { Network } from "./panels/network.js";
import { Accounts } from "./panels/accounts.js";
import { Staking } from "./panels/staking.js";
import { Domains } from "./panels/domains.js";
import { Rounds } from "./panels/rounds.js";
import { Tasks } from "./panels/tasks.js";
import { Challenges } from "./panels/challenges.js";
import { Decode } from "./panels/decode.js";
import { Storage } from "./panels/storage.js";
import { Reference } from "./panels/reference.js";
import { Search } from "./panels/search.js";

/** Panels: name in the address, text of the tab, and component. */
const PANELS = [
	["network", "Blocks", Network],
	["accounts", "Accounts", Accounts],
	["staking", "Staking", Staking],
	["domains", "Domains", Domains],
	["rounds", "Rounds", Rounds],
	["tasks", "Recomputations", Tasks],
	["challenges", "Challenges", Challenges],
	["decode", "Decode", Decode],
	["storage", "Storage", Storage],
	["reference", "Constants", Reference],
	["search", "Search", Search],
];

function App() {
	const route = useRoute("network");
	const node = useNode();
	const [name, label, Panel] = PANELS.find(([id]) => id === route.panel) ?? PANELS[0];
	useEffect(() => {
		document.title = `${label} – DOIN explorer`;
	}, [label]);
	return html`
		<a class="skip" href="#panel"
			onClick=${(event) => (event.preventDefault(), document.getElementById("panel").focus())}>Skip to the panel</a>
		<${Header} node=${node} />
		<${Banner} node=${node} />
		<div class="frame">
			<${Tabs} panels=${PANELS} current=${name} />
			<main><div id="panel" role="tabpanel" tabindex="-1" aria-labelledby=${`tab-${name}`}>
				<${Panel} key=${name} rest=${route.rest} />
			</div></main>
		</div>
		<footer class="foot">
			<p>${node.about ? `${node.about.name}, node ${node.about.version} at ${node.url}` : ""}</p>
			<p><a href="/dashboard">Dashboard</a> · <a href="/api/openapi.json">Routes (OpenAPI)</a> · <a href="/dashboard/vendor/licences.txt">Licences</a></p>
		</footer>
		<${FigurePopover} />`;
}

function Header({ node }) {
	const { best, finalized, connection } = node;
	const [tone, text] = { live: ["good", "Live"], connecting: ["warn", "Connecting"], lost: ["bad", "Not connected"] }[connection];
	return html`<header class="top">
		<h1 class="brand"><span class="mark" aria-hidden="true"></span>DOIN<span class="brand-rest"> explorer</span></h1>
		<a class="to-dashboard" href="/dashboard">Dashboard</a>
		<${Find} />
		<div class="top-facts">
			<span class="top-fact"><span class="label">Block</span> <${Figure} exact=${best?.number} at=${best} from=${HEAD} /></span>
			<span class="top-fact wide-only"><span class="label">Finalized</span> <${Figure} exact=${finalized?.number} at=${finalized} from=${FINAL} /></span>
			<span class=${`connection ${tone}`} role="status"><span class="dot" aria-hidden="true"></span>${text}</span>
		</div>
		<${ThemeSwitch} />
	</header>`;
}

function Find() {
	const [text, set] = useState("");
	const send = (event) => {
		event.preventDefault();
		if (text.trim()) go("search", text.trim());
	};
	return html`<form class="find" role="search" onSubmit=${send}>
		<input type="search" aria-label="Search block, account, domain, round or task" placeholder="Block, account, domain 0, task 3"
			spellcheck=${false} autocomplete="off" value=${text} onInput=${(event) => set(event.currentTarget.value)} />
		<button type="submit" class="plain">Search</button></form>`;
}

function Banner({ node: { connection, problem, since } }) {
	if (connection !== "lost") return null;
	const cause = problem ? `${problem.error.replace(/^./, (letter) => letter.toUpperCase())}: ${problem.next}.` : "";
	return html`<p class="banner bad" role="alert">${`${cause} Not connected since ${time(since)}. The page connects again by itself.`}</p>`;
}

start();
const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
