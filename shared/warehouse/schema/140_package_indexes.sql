CREATE TABLE IF NOT EXISTS package_indexes
(
    path String COMMENT 'The package in its store: s3://bucket/key.',
    etag String COMMENT 'The version of the object that was indexed.',
    stored_bytes UInt64 COMMENT 'Bytes of the object.',
    members String COMMENT 'JSON: where each member lies, with its fingerprint.' CODEC(ZSTD(3)),
    indexed_at DateTime64(3, 'UTC') COMMENT 'When the index was made.'
)
ENGINE = ReplacingMergeTree(indexed_at)
ORDER BY path
COMMENT 'Indexes of packages in stores. An object whose ETag is still the same is not asked for its members again.'
