// Runs before the first paint, so that the page does not change its colours while it loads.
{
	let theme = null;
	try {
		theme = localStorage.getItem("theme");
	} catch {
		// Without storage the page follows the system.
	}
	if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}
