// Stable Diffusion checkpoints whose UNet reads more than a latent, by its number of input channels.

const KINDS: Readonly<Record<number, string>> = {
  5: 'a depth-to-image checkpoint (its UNet takes a depth map beside the latent: 5 channels)',
  7: 'an upscaling checkpoint (its UNet takes a small picture beside the latent: 7 channels)',
  8: 'an InstructPix2Pix checkpoint (its UNet takes a second latent beside the first: 8 channels)',
  9: 'an inpainting checkpoint (its UNet takes a mask and a masked latent beside the latent: 9 channels)',
};

/** The sentence about a UNet with this number of input channels; undefined for a plain one. */
export function otherUnet(channels: number): string | undefined {
  const kind = KINDS[channels];
  return (
    kind &&
    `this is ${kind}, which is not supported; use the plain Stable Diffusion 1.x or 2.x checkpoint it was made from`
  );
}
