import { Vector, str } from '../../../../scale-ts/scale-ts.js';

const docs = Vector(str);

export { docs };
