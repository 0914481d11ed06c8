// Volumes of the cases: decoded, refined, outlined.

async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const volumes = new Map();  // id -> promise of the decoded volume

function volumeOf(id) {
  if (!volumes.has(id)) {
    volumes.set(id, (async () => {
      const text = data("volume-" + id);
      const volume = { size: text.size, spacing: text.spacing, affine: text.affine, window: text.window };
      volume.image = await inflated(text.image);
      volume.reference = await inflated(text.reference);
      volume.predictions = [];
      for (const prediction of text.predictions) volume.predictions.push(prediction === null ? null : await inflated(prediction));
      refine(volume);
      volume.at = busiest(volume);
      return volume;
    })());
    if (volumes.size > 4) volumes.delete(volumes.keys().next().value);  // a few stay decoded
  }
  return volumes.get(id);
}

// Outlines are one voxel thick: on small scans they would hide what they surround, so these are shown on a finer grid.
function refine(volume) {
  const count = volume.image.length;
  const f = count < 160000 ? 3 : count < 500000 ? 2 : 1;
  volume.factor = f;
  if (f === 1) return;
  const [nx, ny, nz] = volume.size, [mx, my, mz] = [nx * f, ny * f, nz * f];
  const nearest = (labels) => {
    const out = new Uint8Array(mx * my * mz);
    let at = 0;
    for (let z = 0; z < mz; ++z) for (let y = 0; y < my; ++y) {
      const row = (((z / f) | 0) * ny + ((y / f) | 0)) * nx;
      for (let x = 0; x < mx; ++x) out[at++] = labels[row + ((x / f) | 0)];
    }
    return out;
  };
  const places = (n, m) => Array.from({ length: m }, (_, i) => {
    const at = Math.min(n - 1, Math.max(0, (i + 0.5) / f - 0.5)), lower = Math.min(Math.floor(at), Math.max(0, n - 2));
    return [lower, at - lower];
  });
  const image = new Uint8Array(mx * my * mz);
  const px = places(nx, mx), py = places(ny, my), pz = places(nz, mz);
  const dx = nx > 1 ? 1 : 0, dy = ny > 1 ? nx : 0, dz = nz > 1 ? nx * ny : 0;
  let to = 0;
  for (const [z, tz] of pz) for (const [y, ty] of py) for (const [x, tx] of px) {
    const a = (z * ny + y) * nx + x, v = volume.image;
    const low = (1 - ty) * ((1 - tx) * v[a] + tx * v[a + dx]) + ty * ((1 - tx) * v[a + dy] + tx * v[a + dx + dy]);
    const b = a + dz;
    const high = (1 - ty) * ((1 - tx) * v[b] + tx * v[b + dx]) + ty * ((1 - tx) * v[b + dy] + tx * v[b + dx + dy]);
    image[to++] = (1 - tz) * low + tz * high + 0.5;
  }
  volume.image = image;
  volume.reference = nearest(volume.reference);
  volume.predictions = volume.predictions.map((labels) => labels && nearest(labels));
  volume.affine = volume.affine.map((row) => {
    const columns = row.slice(0, 3).map((value) => value / f);
    const shift = (0.5 / f - 0.5) * f;  // from the old first centre to the new one, in new voxels
    return [...columns, row[3] + shift * (columns[0] + columns[1] + columns[2])];
  });
  volume.spacing = volume.spacing.map((value) => value / f);
  volume.size = [mx, my, mz];
}

// Along each axis the slice with most of the reference.
function busiest({ size: [nx, ny, nz], reference, predictions }) {
  const labels = reference.some((value) => value > 0) ? reference : predictions.find((one) => one) ?? reference;
  const counts = [new Uint32Array(nx), new Uint32Array(ny), new Uint32Array(nz)];
  let at = 0;
  for (let z = 0; z < nz; ++z) for (let y = 0; y < ny; ++y) for (let x = 0; x < nx; ++x, ++at) {
    if (labels[at] > 0) { ++counts[0][x]; ++counts[1][y]; ++counts[2][z]; }
  }
  // The middle of those near the largest count: a whole voxel of the scan is equal on the finer grid.
  return counts.map((count) => {
    const most = Math.max(...count);
    if (most === 0) return count.length >> 1;
    const best = count.indexOf(most);
    let last = best;
    while (last + 1 < count.length && count[last + 1] === most) ++last;
    return (best + last) >> 1;
  });
}

// Voxels of a class that touch another class by a face.
function outline({ size: [nx, ny, nz] }, labels) {
  const out = new Uint8Array(labels.length), row = nx, plane = nx * ny;
  for (let z = 0; z < nz; ++z) for (let y = 0; y < ny; ++y) for (let x = 0; x < nx; ++x) {
    const at = z * plane + y * row + x, here = labels[at];
    if (here === 0) continue;
    if (x === 0 || x === nx - 1 || y === 0 || y === ny - 1 || z === 0 || z === nz - 1 || labels[at - 1] !== here || labels[at + 1] !== here ||
        labels[at - row] !== here || labels[at + row] !== here || labels[at - plane] !== here || labels[at + plane] !== here) out[at] = here;
  }
  return out;
}

const kMissed = "#ffd23f", kFalse = "#ff4fd8", kOther = "#4fe3ff";

// 1: missed, 2: false, 3: another class than the reference.
function errors(reference, prediction) {
  const out = new Uint8Array(reference.length);
  for (let i = 0; i < out.length; ++i) {
    if (reference[i] === prediction[i]) continue;
    out[i] = prediction[i] === 0 ? 1 : reference[i] === 0 ? 2 : 3;
  }
  return out;
}

const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
const lighter = (colour) => "#" + channels(colour).map((value) => Math.round(value + (255 - value) * 0.55).toString(16).padStart(2, "0")).join("");

function table(colours) {
  const rgb = [[0, 0, 0], ...colours.map(channels)];
  return { R: rgb.map((c) => c[0]), G: rgb.map((c) => c[1]), B: rgb.map((c) => c[2]), A: rgb.map((_, i) => (i === 0 ? 0 : 255)), labels: rgb.map(() => "") };
}
