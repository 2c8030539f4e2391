// Images as models take them: base64, made smaller here.

const MAX_SIDE_PX = 1536;
const JPEG_QUALITY = 0.88;

/** Whether it is meant as a picture. SVG is a text, and is read as one.
    @param {{ name: string, type: string }} file */
export const isImage = ({ name, type }) =>
  (type.startsWith('image/') && type !== 'image/svg+xml') || isHeic({ name, type });

/** What phones take pictures in, and few browsers can read. Many do not even know its type.
    @param {{ name: string, type: string }} file */
export const isHeic = ({ name, type }) => /^image\/hei[cf]/.test(type) || /\.hei[cf]$/i.test(name);

/** The image as base64, no side longer than MAX_SIDE_PX. Rejects where the browser cannot read it.
    @param {File} file */
export async function smaller(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, MAX_SIDE_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('no canvas');
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const type =
    file.type === 'image/png' || isTransparent(context, canvas) ? 'image/png' : 'image/jpeg';
  return canvas.toDataURL(type, JPEG_QUALITY).split(',')[1];
}

/** JPEG would make what is transparent black.
    @param {CanvasRenderingContext2D} context
    @param {HTMLCanvasElement} canvas */
function isTransparent(context, { width, height }) {
  const { data } = context.getImageData(0, 0, width, height);
  for (let at = 3; at < data.length; at += 4) if (data[at] < 255) return true;
  return false;
}
