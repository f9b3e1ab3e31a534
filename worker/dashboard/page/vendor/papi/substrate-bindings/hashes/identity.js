const Identity = (encoded) => encoded;

export { Identity };
