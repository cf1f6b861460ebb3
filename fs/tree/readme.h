/*
 * readme - the texts of the READMEs: the root's, and one for each directory that is not listed.
 *
 * Constants only.
 */
#pragma once

extern const char readme_root[], readme_parsed[], readme_versions[], readme_records[],
    readme_libraries[];
