const withInner = (codec, inner) => {
  const result = codec;
  result.inner = inner;
  return result;
};

export { withInner };
