"""Words and symbols of the page, each in a sentence or two.

Those of metrics and bounds are in records of their own.
"""

from __future__ import annotations

from hvae.metrics.metric import Explanation


def _term(name: str, title: str, sentences: str, *words: str) -> Explanation:
    """Return the record of a word without an equation. words: as texts have it; by default the title."""
    return Explanation(name, title, (), sentences, words or (title,))


GLOSSARY = (
    _term(
        "vae",
        "VAE, variational autoencoder",
        "A network that codes a picture as a few random numbers, its latents, and decodes latents into "
        "pictures. With latents drawn by chance, it makes new pictures.",
        *("VAE", "VAEs"),
    ),
    _term(
        "hvae",
        "Hierarchical VAE",
        "A VAE whose latents lie in layers: z₂ is drawn first, z₁ with the help of z₂, the picture last.",
        *("hierarchical VAE", "HVAE", "HVAEs"),
    ),
    _term(
        "standard_vae",
        "Standard VAE",
        "The model at β₂ = β₁ = 1, where a nat costs the same in both layers and in the distortion.",
        *("standard VAE",),
    ),
    _term(
        "beta_vae",
        "β-VAE",
        "A VAE with one β for all layers. Here these are the models on the line β₂ = β₁.",
        *("β-VAE", "β-VAEs"),
    ),
    _term(
        "z2",
        "z₂, the top latent",
        "A vector of a few numbers, drawn first. What it keeps holds for the picture as a whole.",
        "z₂",
    ),
    _term(
        "z1",
        "z₁, the bottom latent",
        "A small grid of numbers between z₂ and the picture, drawn after z₂. It adds what z₂ does not say.",
        "z₁",
    ),
    _term(
        "epsilon1",
        "ε₁",
        "What z₁ adds to z₂: how many standard deviations z₁ lies from what z₂ makes us expect.",
        "ε₁",
    ),
    _term(
        "beta2",
        "β₂, the price of z₂",
        "What a nat in z₂ costs in training. The higher it is, the less z₂ keeps.",
        "β₂",
    ),
    _term(
        "beta1",
        "β₁, the price of z₁",
        "What a nat in z₁ costs in training. The higher it is, the less z₁ keeps.",
        "β₁",
    ),
    _term("beta", "β", "The price of a nat in training: β₂ of those in z₂, β₁ of those in z₁.", "β"),
    _term(
        "rate_plane",
        "Rate plane",
        "Each model at its two rates: to the right, how much z₂ knows; upwards, how much z₁ adds.",
        "rate plane",
    ),
    _term(
        "nat",
        "Nat",
        "A unit of information, as a bit is: what halves the number of possibilities is 1 bit, or 0.69 nats.",
        *("nat", "nats"),
    ),
    _term(
        "bit",
        "Bit",
        "A unit of information: the answer to one even question. 1 bit is 0.69 nats.",
        *("bits", "bit"),
    ),
    _term(
        "decibel",
        "dB, decibel",
        "Ten times the logarithm, to base 10, of a ratio: 3 dB are a factor of 2, 10 dB a factor of 10.",
        "dB",
    ),
    _term(
        "latent",
        "Latent",
        "Numbers behind a picture that nobody observes: the model infers them, and decodes them into the "
        "picture.",
        *("latent", "latents"),
    ),
    _term(
        "prior",
        "Prior",
        "What the model assumes of a latent before it sees any picture. Samples are decoded from draws "
        "of it.",
        "prior",
    ),
    _term(
        "posterior",
        "Posterior",
        "What the model infers of a latent from a picture: a mean, and how unsure it is about it.",
        *("posterior", "posteriors", "posterior mean", "posterior means"),
    ),
    _term(
        "entropy",
        "H[y], the entropy of the label",
        "How many nats it takes on average to say the label y. Of ten digits, all as frequent, 2.30 nats.",
        *("H[y]",),
    ),
    _term(
        "rbf_svm",
        "RBF SVM",
        "A support vector machine whose border between classes may be curved, as it measures nearness to "
        "examples.",
        "RBF SVM",
    ),
    _term(
        "linear_svm",
        "Linear SVM",
        "A support vector machine whose border between two classes is flat, as far as possible from "
        "examples of both.",
        "linear SVM",
    ),
    _term(
        "logistic",
        "Logistic regression",
        "The simplest classifier: weighted sums of the latent’s numbers become the probabilities of classes.",
        "logistic regression",
    ),
    _term(
        "knn",
        "kNN, k nearest neighbours",
        "A classifier that lets the nearest training images vote: the five whose latents are nearest.",
        "kNN",
    ),
    _term(
        "judge",
        "Judge",
        "A small classifier, trained on the same data set, that says of which class a sample is, and how "
        "surely.",
        *("judge", "judges"),
    ),
    _term(
        "atlas",
        "Atlas",
        "All trained models of one data set with their numbers: what this page shows.",
        *("atlas", "atlases"),
    ),
    _term(
        "parent",
        "Parent",
        "One network that was trained once for all prices (β₂, β₁). At any of them it turns into a "
        "single model.",
        "parent",
    ),
    _term(
        "fold",
        "Fold",
        "The model that the parent turns into at one (β₂, β₁), at once and without training.",
        *("fold", "folds", "folded"),
    ),
    _term(
        "spectrum",
        "Spectrum of the images",
        "How much training images vary along each of their principal directions, largest first.",
        "spectrum",
    ),
    _term(
        "standard_error",
        "Standard error",
        "How far a number may be off by chance, because test images and samples are finitely many.",
        *("standard error", "standard errors"),
    ),
    _term(
        "temperature",
        "Temperature",
        "How far samples stray from the prior’s mean: at 0 not at all, at 1 as the model says, above 1 "
        "further.",
        "temperature",
    ),
)
"""Without an equation."""
