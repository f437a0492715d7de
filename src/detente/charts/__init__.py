"""Charts: tables and records of the analysis -> Vega-Lite by Altair, one module a kind; ``saving`` puts them into files and pages. docs/charts.md."""
