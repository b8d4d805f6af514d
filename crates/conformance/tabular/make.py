"""Train tabular models on real data and make a conformance case of each.

Each goes into target/tabular/NAME: the model as its exporter wrote it, 1000 rows, and
the outputs that ONNX Runtime gives for them. What is there already, from these recipes
and whole, is left.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "models"), str(HERE.parents[2] / "models")]

import making  # noqa: E402

SHIPPED = making.ROOT / "models"
"""The models that ship, whose data and thresholds are used here too."""

RECIPES = making.Recipes(
    what=__doc__,
    functions={
        "churn-lightgbm-500x31": ("churn", "lightgbm"),
        "churn-lightgbm-500x31-trees-alone": ("churn", "lightgbm_trees_alone"),
        "churn-xgboost-500-depth-6": ("churn", "xgboost"),
        "churn-catboost-500-depth-6": ("churn", "catboost"),
        "churn-catboost-500-depth-6-trees-alone": ("churn", "catboost_trees_alone"),
        "churn-boosting-100-depth-3": ("churn", "boosting"),
        "churn-columns-logistic": ("churn_columns", "logistic"),
        "churn-columns-logistic-zipmap": ("churn_columns", "logistic_zipmap"),
        "churn-columns-mlp": ("churn_columns", "mlp"),
        "churn-columns-boosting": ("churn_columns", "boosting"),
        "churn-columns-lightgbm": ("churn_columns", "lightgbm"),
        "churn-columns-ordinal-forest": ("churn_columns", "ordinal_forest"),
        "housing-lightgbm-1000x31": ("housing", "lightgbm"),
        "housing-lightgbm-1000x31-trees-alone": ("housing", "lightgbm_trees_alone"),
        "housing-xgboost-500-depth-6": ("housing", "xgboost"),
        "housing-catboost-500-depth-6": ("housing", "catboost"),
        "housing-boosting-100-depth-3": ("housing", "boosting"),
        "housing-hist-boosting-300": ("housing", "hist_boosting"),
        "housing-forest-100-depth-12": ("housing", "forest_of_depth_12"),
        "housing-forest-100-unlimited": ("housing", "forest_unlimited"),
        "housing-ridge-minmax": ("housing", "ridge"),
        "housing-mlp": ("housing", "mlp"),
        "credit-lightgbm-300": ("credit", "lightgbm"),
        "credit-xgboost-300": ("credit", "xgboost"),
        "credit-hist-boosting-200": ("credit", "hist_boosting"),
        "credit-columns-forest": ("credit", "columns_forest"),
        "telephone-lightgbm-categories": ("telephone", "lightgbm"),
        "diamonds-forest-50": ("diamonds", "forest"),
        "diamonds-forest-50-zipmap": ("diamonds", "forest_zipmap"),
        "diamonds-logistic": ("diamonds", "logistic"),
        "diamonds-logistic-zipmap": ("diamonds", "logistic_zipmap"),
        "diamonds-logistic-zipmap-columns": ("diamonds", "logistic_zipmap_columns"),
        "diamonds-lightgbm-100": ("diamonds", "lightgbm"),
        "diamonds-xgboost-100": ("diamonds", "xgboost"),
        "diamonds-catboost-100": ("diamonds", "catboost"),
        "diamonds-price-ordinal": ("diamonds", "price"),
    },
    sources=[
        *HERE.glob("*.py"),
        *HERE.glob("data/*.gz"),
        HERE / "requirements.txt",
        HERE.parent / "models" / "backend_test.py",
        HERE.parent / "models" / "making.py",
        SHIPPED / "recipe.py",
        SHIPPED / "churn" / "data.csv.gz",
        SHIPPED / "housing" / "data.csv.gz",
    ],
    output=making.ROOT / "target" / "tabular",
)


if __name__ == "__main__":
    sys.exit(making.main(RECIPES))
