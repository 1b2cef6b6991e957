// A program that reads the document and prints it with the tables that the rows
// make.

#include <iostream>
#include <iterator>
#include <string>

#include "tests/selectors/descriptors/document.h"

int main() {
  const std::string document{std::istreambuf_iterator<char>(std::cin), {}};
  std::cout << descriptors::with_tables(document);
}
