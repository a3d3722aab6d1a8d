"""`shop.yaml` as typed settings, and the folders of a shop."""

from __future__ import annotations

from tradewind.settings.base import Settings
from tradewind.settings.data import DerivedPrice, EventSettings, ItemSettings, SourceSettings
from tradewind.settings.encoder import EncoderSettings
from tradewind.settings.estimator import (
    ContinualSettings,
    EstimatorSettings,
    ExamplesSettings,
    GateSettings,
    KnowledgeSettings,
    TechniqueSettings,
    UnlabelledSettings,
)
from tradewind.settings.learn import Effort, LearnSettings
from tradewind.settings.predicted import PredictedSettings
from tradewind.settings.pretrain import PretrainSettings, TextsSettings
from tradewind.settings.search import SearchSettings
from tradewind.settings.serve import IndexSettings, ServeSettings, UserTokenSettings
from tradewind.settings.shop import Shop, ShopSettings, load_shop, parse_shop
from tradewind.settings.task import MatchSettings, Method, NegativeSettings, TaskSettings

__all__ = [
    "ContinualSettings",
    "DerivedPrice",
    "Effort",
    "EncoderSettings",
    "EstimatorSettings",
    "EventSettings",
    "ExamplesSettings",
    "GateSettings",
    "IndexSettings",
    "ItemSettings",
    "KnowledgeSettings",
    "LearnSettings",
    "MatchSettings",
    "Method",
    "NegativeSettings",
    "PredictedSettings",
    "PretrainSettings",
    "SearchSettings",
    "ServeSettings",
    "Settings",
    "Shop",
    "ShopSettings",
    "SourceSettings",
    "TaskSettings",
    "TechniqueSettings",
    "TextsSettings",
    "UnlabelledSettings",
    "UserTokenSettings",
    "load_shop",
    "parse_shop",
]
