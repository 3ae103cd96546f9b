/** Which conformance cases do not pass, and why. */

/** Refusals by design: a part of the reason that whittle gives → the cases. */
export const refusals: Readonly<Record<string, readonly string[]>> = {
  // Three spatial dimensions.
  'input of rank 5': [
    'node/test_convtranspose_3d',
    'pytorch-converted/test_AvgPool3d',
    'pytorch-converted/test_AvgPool3d_stride',
    'pytorch-converted/test_AvgPool3d_stride1_pad0_gpu_input',
    'pytorch-converted/test_Conv3d',
    'pytorch-converted/test_Conv3d_dilated',
    'pytorch-converted/test_Conv3d_dilated_strided',
    'pytorch-converted/test_Conv3d_groups',
    'pytorch-converted/test_Conv3d_no_bias',
    'pytorch-converted/test_Conv3d_stride',
    'pytorch-converted/test_Conv3d_stride_padding',
    'pytorch-converted/test_MaxPool3d',
    'pytorch-converted/test_MaxPool3d_stride',
    'pytorch-converted/test_MaxPool3d_stride_padding',
  ],
  // An index into the whole input tensor, which only MaxUnpool reads.
  'the output Indices is used': [
    'node/test_maxpool_with_argmax_2d_precomputed_pads',
    'node/test_maxpool_with_argmax_2d_precomputed_strides',
  ],
  // Powers of integers.
  'Pow: no kernel for int32': ['node/test_pow_types_float', 'node/test_pow_types_int32_float32', 'node/test_pow_types_int64_float32'],
  'Resize: mode cubic': [
    'node/test_resize_downsample_scales_cubic',
    'node/test_resize_downsample_scales_cubic_A_n0p5_exclude_outside',
    'node/test_resize_downsample_scales_cubic_align_corners',
    'node/test_resize_downsample_sizes_cubic',
    'node/test_resize_upsample_scales_cubic',
    'node/test_resize_upsample_scales_cubic_A_n0p5_exclude_outside',
    'node/test_resize_upsample_scales_cubic_align_corners',
    'node/test_resize_upsample_scales_cubic_asymmetric',
    'node/test_resize_upsample_sizes_cubic',
  ],
  'Resize: coordinate_transformation_mode tf_crop_and_resize': ['node/test_resize_tf_crop_and_resize'],
  // Opset 6, which laid the slopes along the channels; since opset 7 they broadcast.
  'PRelu: shapes': [
    'pytorch-converted/test_PReLU_1d_multiparam',
    'pytorch-converted/test_PReLU_2d_multiparam',
    'pytorch-converted/test_PReLU_3d_multiparam',
  ],
  // Scales that differ along an axis of an activation have no integer kernel.
  'activations with 3 scales along axis 1': ['node/test_dequantizelinear_axis', 'node/test_quantizelinear_axis'],
};

/** Cases whose expected output is of another time: a reason → the cases, which must differ. */
export const outdated: Readonly<Record<string, readonly string[]>> = {
  // 4 columns · 0.6 = 2.4 are 2; ONNX Runtime 1.30, too, answers [1, 4].
  'ONNX 1.12 aligned the corners of 2.4 columns, ONNX Runtime and whittle those of 2': [
    'node/test_resize_downsample_scales_linear_align_corners',
  ],
};
