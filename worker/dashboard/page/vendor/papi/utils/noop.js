const noop = Function.prototype;

export { noop };
