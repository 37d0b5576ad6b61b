package dev.ect.model.network;

/**
 * Where the architectures differ, the embedding apart.
 *
 * @param firstChannels width of the first convolution
 * @param filter of the resampling; its sum does not matter
 * @param eps of the group normalisations
 * @param skipScale factor after each sum with a shortcut
 * @param adaptive whether the embedding scales and shifts (after the norm) or is only added (before
 *     it)
 * @param projectResampled whether the shortcut of a resampling block is convolved even where the
 *     width stays
 * @param channelsPerHead of the attention; 0 for a single head
 * @param attentionThroughoutDecoder whether all decoder blocks of a listed resolution have
 *     attention, or only the last one of the level
 * @param residualInput whether the downsampled input is added after each down block (NCSN++)
 * @param outNorm name of the normalisation before the last convolution
 * @param outConv name of the last convolution
 * @param init of most layers
 * @param initLast of layers that end a residual branch
 * @param initAttention of queries, keys and values
 */
record UNetSettings(
    int firstChannels,
    double[] filter,
    double eps,
    double skipScale,
    boolean adaptive,
    boolean projectResampled,
    int channelsPerHead,
    boolean attentionThroughoutDecoder,
    boolean residualInput,
    String outNorm,
    String outConv,
    Initialisation init,
    Initialisation initLast,
    Initialisation initAttention) {

  /**
   * Heads of an attention over so many channels; with fewer channels than one head takes there is
   * no attention.
   */
  int heads(int channels) {
    return channelsPerHead == 0 ? 1 : channels / channelsPerHead;
  }
}
