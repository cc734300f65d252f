#include "lib/sum.h"

int main(void) {
  return sum(2, 3) - 5;
}
