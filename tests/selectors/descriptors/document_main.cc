// Prints the document that it reads, with the tables that the rows make.

#include <iostream>
#include <iterator>
#include <string>

#include "tests/selectors/descriptors/document.h"

int main() {
  const std::string document{std::istreambuf_iterator<char>(std::cin), {}};
  std::cout << descriptors::with_tables(document);
}
