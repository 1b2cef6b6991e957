// `with_tables()`: the document selectors/DESCRIPTORS.md with the tables that
// the rows of kinds.h make.

#ifndef TESTS_SELECTORS_DESCRIPTORS_DOCUMENT_H_
#define TESTS_SELECTORS_DESCRIPTORS_DOCUMENT_H_

#include <string>

namespace descriptors {

/// Returns the document with its tables, which are between two comments,
/// replaced by the tables that the rows make.
std::string with_tables(const std::string& document);

}  // namespace descriptors

#endif  // TESTS_SELECTORS_DESCRIPTORS_DOCUMENT_H_
