"""Kim's TextCNN in PyTorch, and its training under DistributedDataParallel: what each process does."""

import time
from pathlib import Path

import torch
from torch import distributed, nn
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from benchmarks.peers.protocol import (
    BATCH,
    DROPOUT,
    EMBEDDING,
    FILTERS,
    INITIAL,
    RATE,
    WIDTHS,
    Documents,
    from_second_epoch,
    read,
)


class TextCNN(nn.Module):
    """Kim's."""

    def __init__(self, tokens: int, classes: int):
        super().__init__()
        self.embedding = nn.Embedding(tokens, EMBEDDING)
        nn.init.uniform_(self.embedding.weight, -INITIAL, INITIAL)
        self.convolutions = nn.ModuleList(nn.Conv1d(EMBEDDING, FILTERS, width) for width in WIDTHS)
        self.dropout = nn.Dropout(DROPOUT)
        self.classify = nn.Linear(FILTERS * len(WIDTHS), classes)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        vectors = self.embedding(ids).transpose(1, 2)
        features = [torch.relu(convolve(vectors)).amax(2) for convolve in self.convolutions]
        return self.classify(self.dropout(torch.cat(features, 1)))


def data_set(documents: Documents) -> TensorDataset:
    return TensorDataset(torch.from_numpy(documents.ids), torch.from_numpy(documents.labels).long())


def train(folder: Path, epochs: int) -> tuple[float, float]:
    """Trains in a process that torchrun has started; returns documents/s and test accuracy."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo")
    encoded = read(folder)
    torch.manual_seed(1)
    model = nn.parallel.DistributedDataParallel(TextCNN(encoded.tokens, encoded.classes))
    adam, loss = torch.optim.Adam(model.parameters(), RATE), nn.CrossEntropyLoss()
    documents = data_set(encoded.train)
    sampler = DistributedSampler(documents)
    loader = DataLoader(documents, BATCH // distributed.get_world_size(), sampler=sampler)
    seconds, is_first = [], distributed.get_rank() == 0
    most, best = -1.0, model.module.state_dict()
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        begun = time.perf_counter()
        for ids, labels in loader:
            adam.zero_grad()
            loss(model(ids), labels).backward()
            adam.step()
        seconds.append(time.perf_counter() - begun)
        # The other process waits meanwhile, in the first step of the next epoch.
        if is_first and (found := accuracy(model.module, encoded.validation)) > most:
            most, best = found, {name: value.clone() for name, value in model.module.state_dict().items()}
    distributed.destroy_process_group()
    model.module.load_state_dict(best)
    return from_second_epoch(len(encoded.train), seconds), accuracy(model.module, encoded.test)


def accuracy(model: nn.Module, documents: Documents) -> float:
    """Returns the share of documents whose label a model gives."""
    model.eval()
    with torch.no_grad():
        batches = DataLoader(data_set(documents), BATCH)
        right = sum(int((model(ids).argmax(1) == labels).sum()) for ids, labels in batches)
    model.train()
    return right / len(documents)
