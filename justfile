# Names for the scripts; nothing here is needed to work on the project.

# The fast tests: just test FILTER
test *filter:
    tests/run fast {{filter}}

# The slow tests: just test-slow FILTER
test-slow *filter:
    tests/run slow {{filter}}

# An end-to-end test: just e2e browser board/live
e2e name *arguments:
    tests/run {{name}} {{arguments}}

# Everything that must hold before a merge
ci:
    .ci/run

fmt:
    cargo fmt

# Writes openapi/ and the generated tables of docs/ from the code
generate:
    UPDATE_DOCS=1 cargo test --quiet --locked --test fast docs

# The codec's benchmark
bench:
    cargo bench --locked --bench codec

demo:
    cargo run --release --locked -- demo
