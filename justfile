# Names for the scripts; nothing here is needed to work on the project.

# The fast tests: just test FILTER
test *filter:
    tests/run fast {{filter}}

# The slow tests: just test-slow FILTER
test-slow *filter:
    tests/run slow {{filter}}

# An end-to-end test: just e2e browser board-live
e2e name *arguments:
    tests/run {{name}} {{arguments}}

# Everything that must hold before a merge
ci:
    .ci/run

fmt:
    cargo fmt

# Writes openapi/ from the code
openapi:
    cargo run --quiet --locked -- openapi > openapi/openapi.json
    cargo run --quiet --locked -- openapi --version 3.0 > openapi/openapi-3.0.json

# The codec's benchmark
bench:
    cargo bench --locked --bench codec

demo:
    cargo run --release --locked -- demo
