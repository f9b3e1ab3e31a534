const unifyMetadata = (metadata) => {
  if ("magicNumber" in metadata) metadata = metadata.metadata;
  if ("tag" in metadata) {
    if (metadata.tag !== "v14" && metadata.tag !== "v15" && metadata.tag !== "v16")
      throw new Error("Only metadata 14, 15, and 16 are supported");
    metadata = metadata.value;
  }
  if ("signedExtensionsByVersion" in metadata.extrinsic) {
    const {
      extrinsic: {
        signedExtensions,
        signedExtensionsByVersion,
        ...restExtrinsic
      },
      ...rest
    } = metadata;
    if (!signedExtensionsByVersion.some(([v]) => v === 0)) {
      throw new Error("Extension version 0 not found");
    }
    return {
      version: 16,
      extrinsic: {
        ...restExtrinsic,
        signedExtensions: Object.fromEntries(
          signedExtensionsByVersion.map(([v, idxs]) => [
            v,
            idxs.map((extIdx) => signedExtensions[extIdx])
          ])
        )
      },
      ...rest
    };
  }
  if ("custom" in metadata) {
    const { lookup: lookup2, extrinsic: extrinsic2, custom, apis, pallets: pallets2, outerEnums } = metadata;
    return {
      version: 15,
      lookup: lookup2,
      pallets: pallets2.map((p) => ({
        ...p,
        calls: p.calls != null ? { type: p.calls } : void 0,
        events: p.events != null ? { type: p.events } : void 0,
        errors: p.errors != null ? { type: p.errors } : void 0,
        viewFns: [],
        associatedTypes: []
      })),
      extrinsic: {
        ...extrinsic2,
        signedExtensions: { 0: extrinsic2.signedExtensions },
        version: [extrinsic2.version]
      },
      apis,
      outerEnums,
      custom
    };
  }
  const { lookup, extrinsic, pallets } = metadata;
  return {
    version: 14,
    lookup,
    pallets: pallets.map((p) => ({
      ...p,
      calls: p.calls != null ? { type: p.calls } : void 0,
      events: p.events != null ? { type: p.events } : void 0,
      errors: p.errors != null ? { type: p.errors } : void 0,
      viewFns: [],
      associatedTypes: []
    })),
    extrinsic: {
      ...extrinsic,
      signedExtensions: { 0: extrinsic.signedExtensions },
      version: [extrinsic.version]
    },
    apis: []
  };
};

export { unifyMetadata };
