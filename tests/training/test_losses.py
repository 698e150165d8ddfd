import pytest
import torch

from training.losses import assigned_loss, dice, focal, iou, mask_loss


def test_a_perfect_mask_costs_nothing():
    truth = torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    logits = (2 * truth - 1) * 20
    assert mask_loss(logits, truth).item() == pytest.approx(0, abs=1e-3)
    assert focal(logits, truth).item() == pytest.approx(0, abs=1e-6)
    assert mask_loss(-logits, truth).item() > 10


def test_dice_counts_places_by_weight():
    truth = torch.tensor([1.0, 1.0, 0.0, 0.0])
    logits = torch.tensor([20.0, -20.0, 20.0, -20.0])
    assert dice(logits, truth).item() == pytest.approx(0.5, abs=1e-3)
    weight = torch.tensor([3.0, 1.0, 0.0, 0.0])  # right 3, missed 1: 2 * 3 / (3 + 4)
    assert dice(logits, truth, weight).item() == pytest.approx(1 - 6 / 7, abs=1e-3)


def test_one_truth_takes_the_cheapest_candidate():
    costs = torch.tensor([[[3.0], [1.0], [2.0]]])
    assert assigned_loss(costs, torch.ones(1, 1)).item() == 1


def test_each_truth_takes_a_candidate_of_its_own():
    # Both prefer candidate 0; together 0 and 1 are cheapest.
    costs = torch.tensor([[[1.0, 1.0], [5.0, 2.0], [9.0, 9.0]]])
    assert assigned_loss(costs, torch.ones(1, 2)).item() == pytest.approx((1 + 2) / 2)
    absent = torch.tensor([[1.0, 0.0]])
    assert assigned_loss(costs, absent).item() == pytest.approx(1)


def test_iou_thresholds_logits_at_zero():
    logits = torch.tensor([1.0, 1.0, -1.0, -1.0])
    assert iou(logits, torch.tensor([1, 0, 1, 0])).item() == pytest.approx(1 / 3)
