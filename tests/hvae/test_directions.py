"""Leading directions of a latent, and residuals, against scikit-learn and the model's own reconstruction."""

import numpy as np
import torch
from sklearn.decomposition import PCA

from hvae import HVAE
from hvae.directions import leading_directions, leading_plane, top_rates


def test_directions_are_scikit_learns_principal_components():
    scales = torch.tensor([0.1, 3.0, 0.5, 2.0, 1.0, 0.2])
    residuals = (torch.randn(40, 6, generator=torch.Generator().manual_seed(0)) * scales + 2).unflatten(
        1, (2, 3)
    )
    found = leading_directions(residuals)
    expected = PCA().fit(residuals.flatten(1).numpy())
    vectors = found.vectors.flatten(1).numpy()
    assert found.vectors.shape == (6, 2, 3)
    assert np.abs(np.abs((vectors * expected.components_).sum(1)) - 1).max() < 1e-5
    assert np.allclose(found.std, np.sqrt(expected.explained_variance_), rtol=1e-4)
    assert (np.abs(vectors).max(1) == vectors.max(1)).all(), "the largest entry is positive"


def test_as_many_directions_as_the_images_span():
    for images, count in ((1, 0), (2, 1), (5, 4), (9, 6), (50, 6)):
        residuals = torch.randn(images, 6, 1, 1, generator=torch.Generator().manual_seed(1))
        assert leading_directions(residuals).vectors.shape == (count, 6, 1, 1)
    assert len(leading_directions(torch.randn(50, 40), most=7).std) == 7


def test_residuals_that_are_not_numbers_count_as_zero():
    found = leading_directions(torch.full((5, 4), torch.nan))
    assert (found.std == 0).all() and found.vectors.isfinite().all()


def test_a_plane_is_that_of_scikit_learns_first_two_components():
    residuals = torch.randn(30, 5, generator=torch.Generator().manual_seed(3)) * torch.tensor(
        [1, 3, 0.5, 2, 1]
    )
    found = leading_plane(residuals)
    expected = PCA(2).fit(residuals.numpy())
    places = expected.transform(residuals.numpy()) * np.sign(
        (expected.components_ * found.axes.numpy()).sum(1)
    )
    assert np.allclose(found.places, places, atol=1e-4)
    assert np.allclose(found.middle, residuals.mean(0))
    assert np.isclose(found.explained, expected.explained_variance_ratio_.sum())


def test_where_nothing_varies_all_places_are_the_middle():
    for residuals in (torch.zeros(6, 4), torch.ones(1, 4), torch.full((5, 3), torch.nan), torch.randn(6, 1)):
        found = leading_plane(residuals)
        assert found.places.shape == (len(residuals), 2) and found.places.isfinite().all()
        assert (found.places[:, 1] == 0).all() and found.explained <= 1 + 1e-6


def noisy_model(**fields) -> HVAE:
    torch.manual_seed(0)
    model = HVAE(top_dim=5, channels=2, width=8, **fields).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def test_decoding_the_residuals_of_images_reconstructs_them():
    x = torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(2))
    for fields in ({}, {"inference": "ladder"}, {"layers": 3}, {"layers": 1}):
        model = noisy_model(**fields)
        residuals = model.residuals(x)
        assert [tuple(part.shape[1:]) for part in residuals] == model.config.latent_shapes
        assert torch.allclose(model.decode_residuals(residuals), model.reconstruct(x), atol=1e-5)


def test_decoding_noise_samples_and_decoding_zeros_follows_the_priors_means():
    model = noisy_model()
    assert torch.equal(model.decode_residuals(model.noise(4, seed=3)), model.sample(4, seed=3))
    z2 = model.noise(4, seed=3)[1]
    assert torch.equal(model.decode_residuals([torch.zeros(4, 2, 8, 8), z2]), model.decode({2: z2}))


def test_top_rates_are_the_mean_divergences_of_the_top_latent():
    model, x = noisy_model(), torch.rand(6, 1, 32, 32, generator=torch.Generator().manual_seed(4))
    top = model.encode(x)[-1]
    posterior = torch.distributions.Normal(top.mean, top.std)
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).mean(0)
    assert np.allclose(top_rates(model, x), expected.numpy(), rtol=1e-4, atol=1e-6)
