"""A make-believe CUDA machine: its tensors have shapes, strides and dtypes, and no values.

The project's own code runs on it unchanged, under CUDA's rules, and under autocast's, vmap's and autograd's
real ones for CUDA. Recorded are

- `problems`: tensors of two devices in one operation, a generator of another device, and what is illegal or
  wrong with a graph: waiting for the device while one is captured, work that it does not see because another
  device is current, memory that is gone when it is replayed, a replay of nothing;
- `waits`: whatever waits for the device (`.item()`, `bool()`, copies to and from the CPU), by `during`;
- memory of each device: alive, kept by graphs, kept by the allocator for each stream. An allocation beyond
  `memory` raises torch.OutOfMemoryError. As in torch, an error during a capture is hidden by another one
  when the capture ends, which also leaves the captured stream current;
- `rounded`: convolutions of float32 that may be computed in TF32;
- which storages an operation or a replay has written: `torch.equal` of a tensor and its clone says so.

Values are not seen: copies to the CPU bring noise. Nor is speed. It patches torch, and some of that shows
only in a process that has not used torch otherwise: use it in a process of its own.
"""

from fake_cuda.machine import FakeCuda

__all__ = ["FakeCuda"]
