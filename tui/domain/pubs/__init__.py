"""What a PUB holds beside its circuit: values of parameters, and observables."""
