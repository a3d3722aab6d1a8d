"""Signed, versioned artefacts and the pointers to them: what training leaves for serving.

`artefacts/<kind>/<name>/<version>/` holds the files, `manifest.json` (what they are, where they came from, the sha256
of each) and `manifest.sig` (an Ed25519 signature over the manifest's bytes). `artefacts/<kind>/<name>/pointer.json`
says which version serves. Nothing that is not listed in a signed manifest is ever opened.
"""
