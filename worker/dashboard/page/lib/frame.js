// Parts of the frame that the dashboard and the explorer share: address, tabs, and colours.
import { html, useEffect, useRef, useState } from "./html.js";

/** Returns panel and rest of the address, e.g. `#network/block/7`. Without a panel in the address, it is `first`. */
export function useRoute(first) {
	const decoded = (part) => {
		try {
			return decodeURIComponent(part);
		} catch {
			return part;
		}
	};
	const parse = () => {
		const [panel, ...rest] = location.hash.slice(1).split("/").map(decoded);
		return { panel: panel || first, rest };
	};
	const [route, set] = useState(parse);
	useEffect(() => {
		const changed = () => set(parse());
		addEventListener("hashchange", changed);
		return () => removeEventListener("hashchange", changed);
	}, []);
	return route;
}

/** Returns `true` while the tabs stand below one another. */
function useWide() {
	const media = matchMedia("(min-width: 901px)");
	const [isWide, set] = useState(media.matches);
	useEffect(() => {
		const changed = () => set(media.matches);
		media.addEventListener("change", changed);
		return () => media.removeEventListener("change", changed);
	}, []);
	return isWide;
}

/** Returns the tabs of panels, which are `[name in the address, text]`, as a list that arrow keys move through. */
export function Tabs({ panels, current }) {
	const isWide = useWide();
	const list = useRef(null);
	const go = (event) => {
		const index = panels.findIndex(([id]) => id === current);
		const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
		const next =
			event.key === "Home"
				? 0
				: event.key === "End"
					? panels.length - 1
					: step
						? (index + step + panels.length) % panels.length
						: null;
		if (next === null) return;
		event.preventDefault();
		location.hash = panels[next][0];
		list.current.querySelector(`#tab-${panels[next][0]}`).focus();
	};
	useEffect(() => {
		const tab = list.current.querySelector("[aria-selected=true]");
		const box = list.current;
		if (tab && box.scrollWidth > box.clientWidth) box.scrollLeft = tab.offsetLeft - (box.clientWidth - tab.offsetWidth) / 2;
	}, [current]);
	return html`<nav class="tabs-nav" aria-label="Panels of the page">
		<div class="tabs" role="tablist" aria-label="Panels" aria-orientation=${isWide ? "vertical" : "horizontal"} ref=${list} onKeyDown=${go}>
		${panels.map(([id, label]) => {
			const isCurrent = id === current;
			return html`<button type="button" role="tab" id=${`tab-${id}`} aria-selected=${isCurrent ? "true" : "false"}
				aria-controls=${isCurrent ? "panel" : null}
				tabindex=${isCurrent ? 0 : -1} onClick=${() => (location.hash = id)}>${label}</button>`;
		})}
	</div></nav>`;
}

/** Returns the choice of colours, which the browser remembers. */
export function ThemeSwitch() {
	const [theme, set] = useState(document.documentElement.dataset.theme ?? "system");
	const change = (next) => {
		set(next);
		if (next === "system") delete document.documentElement.dataset.theme;
		else document.documentElement.dataset.theme = next;
		try {
			if (next === "system") localStorage.removeItem("theme");
			else localStorage.setItem("theme", next);
		} catch {
			// Without storage the choice lasts until the page is closed.
		}
		document.dispatchEvent(new Event("theme"));
	};
	useEffect(() => {
		const media = matchMedia("(prefers-color-scheme: dark)");
		const changed = () => document.dispatchEvent(new Event("theme"));
		media.addEventListener("change", changed);
		return () => media.removeEventListener("change", changed);
	}, []);
	return html`<label class="theme"><span class="visually-hidden">Colours</span>
		<select value=${theme} onChange=${(event) => change(event.currentTarget.value)}>
			<option value="system">Auto</option><option value="light">Light</option><option value="dark">Dark</option>
		</select></label>`;
}
