// Preact with tagged templates instead of JSX, so that the page needs no build step.
import { h } from "../vendor/preact.js";
import htm from "../vendor/htm.js";

export const html = htm.bind(h);
export { h, render, Fragment } from "../vendor/preact.js";
export { useEffect, useId, useRef, useState } from "../vendor/hooks.js";
