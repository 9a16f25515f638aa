"""One small network of every architecture that spandrel and spandrel-extra-arches know, with random weights.

Numbers of features and blocks are small; every structural feature of the published configuration is there: shifted
windows and their masks, position biases, attention over the picture, FFT, deformable parts, codebooks.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.spectral_norm import SpectralNorm


@dataclass(frozen=True)
class Entry:
    """A class in one of the two packages, "Folder.module:Class", and its small arguments.

    `defaults` are the arguments of the published network where a default configuration is measured as well.
    """

    source: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    extra: bool = False

    def make(self, seed: int = 0) -> nn.Module:
        """The network with random weights, in evaluation mode."""
        package = "spandrel_extra_arches" if self.extra else "spandrel"
        place, _, name = self.source.partition(":")
        module = importlib.import_module(f"{package}.architectures.{place}")
        torch.manual_seed(seed)
        return lively(getattr(module, name)(**self.arguments).eval())


def lively(network: nn.Module) -> nn.Module:
    """The network with noise where it begins with constants, such as a gate of zeros that would hide a whole branch.

    The weight of random numbers stays zero, or no two calls would be alike. The entries of a new codebook are so near
    to each other that rounding decides between them; they are spread as training spreads them.
    """
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Embedding):
                module.weight.normal_()
            for hook in module._forward_pre_hooks.values():
                if isinstance(hook, SpectralNorm):
                    settle(module, hook)
        noisy = {id(getattr(m, "weight", None)) for m in network.modules() if type(m).__name__ == "StyleConv"}
        for parameter in network.parameters():
            if id(parameter) not in noisy and (
                parameter.is_floating_point()
                and parameter.numel()
                and bool((parameter == parameter.flatten()[0]).all())
            ):
                parameter += 0.1 * torch.randn(parameter.shape)
    return network


def settle(module: nn.Module, norm: SpectralNorm) -> None:
    """Find the largest singular value that a layer is divided by, as training does step by step."""
    matrix = norm.reshape_weight_to_matrix(getattr(module, f"{norm.name}_orig"))
    u, v = getattr(module, f"{norm.name}_u"), getattr(module, f"{norm.name}_v")
    for _ in range(20):
        v.copy_(F.normalize(matrix.T @ u, dim=0))
        u.copy_(F.normalize(matrix @ v, dim=0))


ZOO: dict[str, Entry] = {
    "ATD": Entry(
        "ATD.__arch.atd_arch:ATD",
        {
            "embed_dim": 24,
            "depths": (2, 2),
            "num_heads": (2, 2),
            "window_size": 8,
            "category_size": 64,
            "num_tokens": 16,
            "reducted_dim": 4,
            "convffn_kernel_size": 5,
            "upscale": 4,
            "upsampler": "pixelshuffle",
        },
    ),
    "AuraSR": Entry(
        "AuraSR.__arch.aura_sr:UnetUpsampler",
        {
            "dim": 8,
            "image_size": 256,
            "input_image_size": 64,
            "up_dim_mults": (1, 1, 2, 2, 2),
            "down_dim_mults": (2, 2, 2),
            "full_attn": (False, False, False, True, True),
            "attn_depths": (2, 2, 2, 1, 1),
            "mid_attn_depth": 1,
            "self_attn_dim_head": 8,
            "num_conv_kernels": 2,
            "skip_connect_scale": 0.4,
            "style_network": {"dim_in": 8, "dim_out": 32, "depth": 2},
        },
    ),
    "CRAFT": Entry("CRAFT.__arch.CRAFT:CRAFT", {"embed_dim": 24, "depths": [2, 2], "num_heads": [6, 6]}),
    "Compact": Entry("Compact.__arch.SRVGG:SRVGGNetCompact", {"num_feat": 16, "num_conv": 4}),
    "DAT": Entry(
        "DAT.__arch.DAT:DAT",
        {
            "embed_dim": 32,
            "split_size": [8, 16],
            "depth": [4, 2],
            "num_heads": [2, 2],
            "expansion_factor": 2.0,
            "upscale": 4,
        },
    ),
    "DCTLSA": Entry("DCTLSA.__arch.dctlsa:DCTLSA", {"nf": 20}),
    "DITN": Entry("DITN.__arch.DITN_Real:DITN_Real", {"dim": 16, "ITL_blocks": 2, "SAL_blocks": 2}),
    "DRCT": Entry(
        "DRCT.__arch.drct_arch:DRCT",
        {
            "embed_dim": 24,
            "depths": (6, 6),
            "num_heads": (2, 2),
            "window_size": 16,
            "upscale": 4,
            "gc": 8,
            "upsampler": "pixelshuffle",
        },
    ),
    "DRUNet": Entry("DRUNet.__arch.network_unet:DRUNet", {"in_nc": 4, "out_nc": 3, "nc": [8, 16, 24, 32], "nb": 2}),
    "DnCNN": Entry("DnCNN.__arch.network_dncnn:DnCNN", {"in_nc": 3, "out_nc": 3, "nc": 16, "nb": 6}),
    "ESRGAN": Entry("ESRGAN.__arch.RRDB:RRDBNet", {"num_filters": 16, "num_blocks": 2}),
    "FBCNN": Entry("FBCNN.__arch.FBCNN:FBCNN", {"nc": [8, 16, 24, 512], "nb": 2}),
    "FDAT": Entry("FDAT.__arch.fdat:FDAT", {"embed_dim": 32, "num_groups": 2, "depth_per_group": 2, "mid_dim": 16}),
    "FFTformer": Entry(
        "FFTformer.__arch.fftformer_arch:FFTformer", {"dim": 8, "num_blocks": [1, 1, 2], "num_refinement_blocks": 1}
    ),
    "GFPGAN": Entry("GFPGAN.__arch.gfpganv1_clean_arch:GFPGANv1Clean"),  # spandrel loads no smaller one
    "GRL": Entry(
        "GRL.__arch.grl:GRL",
        {
            "embed_dim": 24,
            "depths": [2, 2],
            "num_heads_window": [2, 2],
            "num_heads_stripe": [2, 2],
            "window_size": 8,
            "stripe_size": [8, 64],
            "stripe_groups": [None, None],
            "stripe_shift": True,
            "mlp_ratio": 2,
            "upscale": 4,
            "upsampler": "pixelshuffle",
            "anchor_window_down_factor": 2,
            "local_connection": True,
        },
    ),
    "HAT": Entry(
        "HAT.__arch.HAT:HAT",
        {
            "embed_dim": 24,
            "depths": (2, 2),
            "num_heads": (2, 2),
            "window_size": 16,
            "squeeze_factor": 6,
            "mlp_ratio": 2.0,
            "upscale": 4,
        },
    ),
    "HVICIDNet": Entry("HVICIDNet.__arch.cidnet:CIDNet", {"channels": [8, 8, 16, 32], "heads": [1, 2, 4, 8]}),
    "IPT": Entry(
        "IPT.__arch.ipt:IPT",
        {"patch_size": 48, "n_feats": 4, "scale": [4], "num_heads": 2, "num_layers": 1},
    ),
    "KBNet": Entry(
        "KBNet.__arch.kbnet_s:KBNet_s",
        {"width": 8, "middle_blk_num": 1, "enc_blk_nums": [1, 1, 1, 1], "dec_blk_nums": [1, 1, 1, 1]},
    ),
    "LaMa": Entry("LaMa.__arch.LaMa:LaMa", {"in_nc": 4}),
    "MMRealSR": Entry(
        "MMRealSR.__arch.mmrealsr_arch:MMRRDBNet_test",
        {
            "num_in_ch": 3,
            "num_out_ch": 3,
            "num_feat": 16,
            "num_block": 2,
            "num_grow_ch": 8,
            "num_feats": [8, 16, 24, 32],
            "num_blocks": [1, 1, 1, 1],
        },
    ),
    "MixDehazeNet": Entry("MixDehazeNet.__arch.MixDehazeNet:MixDehazeNet", {"embed_dims": [8, 16, 24, 16, 8]}),
    "MoESR": Entry("MoESR.__arch.MoESR:MoESR", {"dim": 16, "n_blocks": 2, "n_block": 2, "upsample_dim": 16}),
    "MoSR": Entry("MoSR.__arch.mosr_arch:MoSR", {"n_block": 3, "dim": 16}),
    "NAFNet": Entry(
        "NAFNet.__arch.NAFNet_arch:NAFNet",
        {"width": 8, "middle_blk_num": 1, "enc_blk_nums": [1, 1, 1], "dec_blk_nums": [1, 1, 1]},
    ),
    "OmniSR": Entry("OmniSR.__arch.OmniSR:OmniSR", {"num_feat": 16, "res_num": 2}),
    "PLKSR": Entry("PLKSR.__arch.RealPLKSR:RealPLKSR", {"dim": 16, "n_blocks": 3, "dysample": True}),
    "RCAN": Entry("RCAN.__arch.rcan_arch:RCAN", {"n_resgroups": 2, "n_resblocks": 2, "n_feats": 16, "reduction": 4}),
    "RGT": Entry(
        "RGT.__arch.rgt:RGT",
        {"embed_dim": 64, "depth": [4, 2], "num_heads": [2, 2], "mlp_ratio": 2.0, "upscale": 4, "split_size": [8, 32]},
    ),
    "RealCUGAN": Entry("RealCUGAN.__arch.upcunet_v3:UpCunet2x", {"pro": True}),
    "RestoreFormer": Entry(
        "RestoreFormer.__arch.restoreformer_arch:RestoreFormer",
        {
            "n_embed": 64,
            "embed_dim": 64,
            "ch": 64,
            "z_channels": 64,
            "num_res_blocks": 1,
            "ch_mult": (1, 1, 1, 1, 2, 4),  # few channels at the end would be normalised in pairs
        },
    ),
    "RetinexFormer": Entry(
        "RetinexFormer.__arch.retinexformer_arch:RetinexFormer", {"n_feat": 8, "stage": 2, "num_blocks": [1, 1, 1]}
    ),
    "SAFMN": Entry("SAFMN.__arch.safmn:SAFMN", {"dim": 16, "n_blocks": 2}),
    "SAFMNBCIE": Entry(
        "SAFMNBCIE.__arch.safmn_bcie:SAFMN_BCIE", {"dim": 16, "n_blocks": 2, "num_layers": 2, "upscaling_factor": 1}
    ),
    "SCUNet": Entry("SCUNet.__arch.SCUNet:SCUNet", {"config": [2, 2, 2, 2, 2, 2, 2], "dim": 64}),
    "SPAN": Entry("SPAN.__arch.span:SPAN", {"num_in_ch": 3, "num_out_ch": 3, "feature_channels": 16}),
    "SeemoRe": Entry("SeemoRe.__arch.seemore_arch:SeemoRe", {"num_experts": 3, "num_layers": 2, "embedding_dim": 16}),
    "SwiftSRGAN": Entry("SwiftSRGAN.__arch.SwiftSRGAN:Generator", {"num_channels": 16, "num_blocks": 2}),
    "Swin2SR": Entry(
        "Swin2SR.__arch.Swin2SR:Swin2SR",
        {
            "embed_dim": 24,
            "depths": [2, 2],
            "num_heads": [2, 2],
            "window_size": 8,
            "mlp_ratio": 2.0,
            "upscale": 4,
            "upsampler": "pixelshuffle",
        },
    ),
    "SwinIR": Entry(
        "SwinIR.__arch.SwinIR:SwinIR",
        {
            "embed_dim": 24,
            "depths": [2, 2],
            "num_heads": [2, 2],
            "window_size": 8,
            "mlp_ratio": 2.0,
            "upscale": 4,
            "upsampler": "pixelshuffle",
        },
    ),
    "Uformer": Entry("Uformer.__arch.Uformer:Uformer", {"img_size": 128, "embed_dim": 8, "depths": [2] * 9}),
    "AdaCode": Entry(
        "AdaCode.__arch.adacode_contrast_arch:AdaCodeSRNet_Contrast",
        {"codebook_params": [[32, 64, 32], [32, 32, 32]], "LQ_stage": True, "scale_factor": 4, "weight_softmax": True},
        extra=True,
    ),
    "CodeFormer": Entry("CodeFormer.__arch.codeformer:CodeFormer", {"n_layers": 1}, extra=True),
    "DDColor": Entry(
        "DDColor.__arch.ddcolor:DDColor",
        {"encoder_name": "convnext-t", "num_queries": 16, "dec_layers": 3, "num_output_channels": 2},
        extra=True,
    ),
    "FeMaSR": Entry(
        "FeMaSR.__arch.femasr:FeMaSRNet",
        {"codebook_params": [[32, 64, 32]], "LQ_stage": True, "scale_factor": 4},
        extra=True,
    ),
    "M3SNet": Entry("M3SNet.__arch.M3SNet:M3SNet", {"width": 8, "enc_blk_nums": [1, 1, 1, 2]}, extra=True),
    "MAT": Entry("MAT.__arch.MAT:MAT", extra=True),
    "MIRNet2": Entry("MIRNet2.__arch.mirnet_v2_arch:MIRNet_v2", {"n_feat": 16, "n_MRB": 1}, extra=True),
    "MPRNet": Entry(
        "MPRNet.__arch.MPRNet:MPRNet",
        {"n_feat": 16, "scale_unetfeats": 8, "scale_orsnetfeats": 8, "num_cab": 2},
        extra=True,
    ),
    "Restormer": Entry(
        "Restormer.__arch.restormer_arch:Restormer",
        {"dim": 8, "num_blocks": [1, 1, 1, 1], "num_refinement_blocks": 1},
        extra=True,
    ),
    "SRFormer": Entry(
        "SRFormer.__arch.SRFormer:SRFormer",
        {
            "embed_dim": 24,
            "depths": (2, 2),
            "num_heads": (2, 2),
            "window_size": 16,
            "mlp_ratio": 2.0,
            "upscale": 4,
            "upsampler": "pixelshuffle",
        },
        extra=True,
    ),
}
