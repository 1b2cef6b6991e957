// The tables of selectors/DESCRIPTORS.md, as the rows of kinds.h make them.

#ifndef TESTS_SELECTORS_DESCRIPTORS_DOCUMENT_H_
#define TESTS_SELECTORS_DESCRIPTORS_DOCUMENT_H_

#include <string>

namespace descriptors {

/// The document with its tables, which stand between two comments, replaced by
/// those that the rows make.
std::string with_tables(const std::string& document);

}  // namespace descriptors

#endif  // TESTS_SELECTORS_DESCRIPTORS_DOCUMENT_H_
